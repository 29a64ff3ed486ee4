-- name: insert_undo_pairs(id)!
-- Which enrollments did this import change? What was changed since is kept.
INSERT INTO undo_pair (student_id, course_id, outcome, detail)
SELECT DISTINCT event.student_id, event.course_id, 'kept', 'It was changed since.'
FROM import
CROSS JOIN student_course_event AS event
WHERE import.id = :id
    AND event.id > import.after_event
    AND event.id <= import.last_event
    AND event.from_status IS DISTINCT FROM event.to_status;

-- name: delete_undo_steps()!
DELETE FROM undo_step;

-- name: insert_undo_steps(id, today)!
-- Which latest changes are those of the import, and what held before each? What was taken back to a change of the
-- import is that change. Before a correction, what it corrects held, unless that is of the import too; it no longer
-- stands. If every standing change is of the import, the enrollment never existed. A term that has ended since keeps its
-- counts, and a student who was erased since is not enrolled again.
WITH standing AS (
    SELECT event.id, event.student_id, event.course_id,
        (
            WITH RECURSIVE origin (id) AS (
                SELECT event.id
                UNION
                SELECT restoring.restores
                FROM origin
                CROSS JOIN student_course_event AS restoring
                WHERE restoring.id = origin.id AND restoring.restores IS NOT NULL
            )

            SELECT min(id) FROM origin
        ) AS origin_id
    FROM undo_pair
    CROSS JOIN enrollment
    CROSS JOIN enrollment_event AS event
    WHERE undo_pair.outcome <> 'conflict'
        AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.student_id = undo_pair.student_id)
        AND enrollment.student_id = undo_pair.student_id
        AND enrollment.course_id = undo_pair.course_id
        AND event.student_id = undo_pair.student_id
        AND event.course_id = undo_pair.course_id
        AND event.superseded_by IS NULL
        AND event.to_status <> 'void'
        AND event.from_status IS DISTINCT FROM event.to_status
)

INSERT INTO undo_step (student_id, course_id, corrects, restores, status, effective_at, passed, grade, detail)
SELECT latest.student_id, latest.course_id, latest.id, CASE WHEN before.id = latest.before_id THEN before.id END,
    before.to_status, before.effective_at, before.passed, before.grade,
    CASE
        WHEN before.id IS NULL AND term.end_on < :today AND import.made_at < term.end_on || 'T24'
            THEN 'The term of ' || course.label || ' ended on ' || term.end_on || '.'
    END
FROM (
    SELECT id, student_id, course_id, origin_id,
        row_number() OVER pair AS nth,
        lead(id) OVER pair AS before_id,
        min(origin_id) OVER (PARTITION BY student_id, course_id) AS first_id
    FROM standing
    WINDOW pair AS (PARTITION BY student_id, course_id ORDER BY id DESC)
) AS latest
CROSS JOIN import
CROSS JOIN course
LEFT JOIN term ON term.code = course.term
LEFT JOIN student_course_event AS before
    ON before.id = CASE
        WHEN latest.first_id <= import.after_event THEN coalesce(
            (
                SELECT own.corrects FROM student_course_event AS own
                WHERE own.id = latest.id AND own.restores IS NULL AND own.corrects <= import.after_event
            ),
            latest.before_id
        )
    END
WHERE latest.nth = 1
    AND import.id = :id
    AND course.id = latest.course_id
    AND latest.origin_id > import.after_event
    AND latest.origin_id <= import.last_event;

-- name: get_undo_steps()^
-- How many steps are there that can be made?
SELECT count(*) AS count
FROM undo_step
WHERE detail IS NULL;

-- name: list_undo_voids()
-- Which enrollments become void?
SELECT student_id, course_id
FROM undo_step
WHERE status IS NULL AND detail IS NULL
ORDER BY student_id, course_id;

-- name: update_undo_steps_full(status)!
-- For which is there no seat, or no place on the waitlist? Who comes first by the history has one.
UPDATE undo_step
SET detail = 'No place in ' || crowded.label || ' is free.'
FROM (
    SELECT undo_step.student_id, undo_step.course_id, course.label,
        row_number() OVER (PARTITION BY undo_step.course_id ORDER BY undo_step.restores)
            + CASE :status WHEN 'enrolled' THEN course_seat.enrolled ELSE course_seat.waitlisted END
            > CASE :status WHEN 'enrolled' THEN course.capacity ELSE course.waitlist_capacity END AS is_over
    FROM undo_step
    CROSS JOIN course
    CROSS JOIN course_seat
    WHERE undo_step.status = :status
        AND undo_step.detail IS NULL
        AND course.id = undo_step.course_id
        AND course_seat.course_id = undo_step.course_id
) AS crowded
WHERE crowded.is_over
    AND undo_step.student_id = crowded.student_id
    AND undo_step.course_id = crowded.course_id;

-- name: update_taken_back(status, at, actor, reason)!
-- Let hold again what held before. A trigger sets the times and the outcome to those that stand then.
UPDATE student_course
SET status = undo_step.status,
    enrolled_at = CASE :status WHEN 'enrolled' THEN undo_step.effective_at ELSE enrolled_at END,
    waitlisted_at = CASE :status WHEN 'waitlisted' THEN undo_step.effective_at ELSE waitlisted_at END,
    completed_at = CASE :status WHEN 'completed' THEN undo_step.effective_at ELSE completed_at END,
    dropped_at = CASE :status WHEN 'dropped' THEN undo_step.effective_at ELSE dropped_at END,
    passed = undo_step.passed,
    grade = undo_step.grade,
    changed_at = coalesce(
        (
            SELECT max(event.recorded_at) FROM student_course_event AS event
            WHERE event.student_id = undo_step.student_id
                AND event.course_id = undo_step.course_id
                AND event.recorded_at > :at
        ),
        :at
    ),
    effective_at = undo_step.effective_at,
    changed_by = :actor,
    change_reason = :reason,
    overridden = NULL,
    corrects = undo_step.corrects,
    restores = undo_step.restores,
    version = version + 1
FROM undo_step
WHERE undo_step.status = :status
    AND undo_step.detail IS NULL
    AND student_course.student_id = undo_step.student_id
    AND student_course.course_id = undo_step.course_id;

-- name: update_undo_pairs()!
-- Note what became of the enrollments.
UPDATE undo_pair
SET outcome = CASE WHEN undo_step.detail IS NULL THEN 'reversed' ELSE 'conflict' END,
    detail = coalesce(
        undo_step.detail,
        CASE WHEN undo_step.status IS NULL THEN 'New with the import: becomes void.' END
    )
FROM undo_step
WHERE undo_pair.student_id = undo_step.student_id AND undo_pair.course_id = undo_step.course_id;

-- name: insert_undo_records(id)!
-- Which records did this import change? What is kept stays as it is. A student whose number went to another one was
-- changed twice: to be without a number, and to have the new one. A new record is edited unless each change since was
-- changed back, as the undo of a later import does: what the changes took away is then what they brought.
INSERT INTO undo_record (kind, record_id, is_new, is_edited, before, after, number, outcome, detail)
SELECT change.subject, change.subject_id, change.before IS NULL,
    change.before IS NULL
    AND EXISTS (
        SELECT 1
        FROM (
            SELECT since.part, side.is_after,
                CASE WHEN side.is_after = 1 THEN since.after ELSE since.before END AS content
            FROM record_change AS since
            CROSS JOIN (SELECT 0 AS is_after UNION ALL SELECT 1) AS side
            WHERE since.subject_id = change.subject_id
                AND since.subject = change.subject
                AND since.id > import.last_change
        ) AS moved
        WHERE content IS NOT NULL
        GROUP BY part, content
        HAVING count(*) <> 2 * sum(is_after)
    ),
    change.before, change.after,
    coalesce(
        change.after ->> 'number',
        (
            SELECT max(second.after ->> 'number') FROM record_change AS second
            WHERE change.subject = 'student'
                AND change.before ->> 'number' IS NOT NULL
                AND second.subject = 'student'
                AND second.subject_id = change.subject_id
                AND second.id > change.id
                AND second.id <= import.last_change
        )
    ),
    'kept',
    CASE
        WHEN change.before IS NULL
            AND change.subject = 'student'
            AND change.subject_id IN (SELECT into_id FROM merge)
            THEN 'Another record was merged into this student.'
        ELSE 'It was changed since, or others need it.'
    END
FROM import
CROSS JOIN record_change AS change
WHERE import.id = :id
    AND change.id > import.after_change
    AND change.id <= import.last_change
    AND change.subject IN ('student', 'course', 'term')
    AND change.part IS NULL
    AND change.after IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM record_change AS earlier
        WHERE earlier.subject = change.subject
            AND earlier.subject_id = change.subject_id
            AND earlier.id > import.after_change
            AND earlier.id < change.id
            AND earlier.part IS NULL
    );

-- name: update_undo_students()!
-- Which students are still as the import left them? A new one goes only if nothing else is on record, and no other
-- record was merged into it. One who was erased since stays so.
UPDATE undo_record
SET outcome = 'reversed', detail = NULL
FROM (
    SELECT undo_record.record_id AS id
    FROM undo_record
    CROSS JOIN student
    WHERE undo_record.kind = 'student'
        AND student.id = undo_record.record_id
        AND NOT undo_record.is_edited
        AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.student_id = student.id)
        AND student.number IS NOT DISTINCT FROM CASE
            WHEN undo_record.number IS DISTINCT FROM before ->> 'number'
                THEN CAST(undo_record.number AS citext)
            ELSE student.number
        END
        AND student.given_name IS NOT DISTINCT FROM CASE
            WHEN after ->> 'given_name' IS DISTINCT FROM before ->> 'given_name'
                THEN CAST(after ->> 'given_name' AS citext)
            ELSE student.given_name
        END
        AND student.family_name IS NOT DISTINCT FROM CASE
            WHEN after ->> 'family_name' IS DISTINCT FROM before ->> 'family_name'
                THEN CAST(after ->> 'family_name' AS citext)
            ELSE student.family_name
        END
        AND student.email IS NOT DISTINCT FROM CASE
            WHEN after ->> 'email' IS DISTINCT FROM before ->> 'email' THEN CAST(after ->> 'email' AS citext)
            ELSE student.email
        END
        AND student.status = CASE
            WHEN after ->> 'status' IS DISTINCT FROM before ->> 'status' THEN after ->> 'status'
            ELSE student.status
        END
        AND student.groups = CASE
            WHEN after ->> 'groups' IS DISTINCT FROM before ->> 'groups' THEN after ->> 'groups'
            ELSE student.groups
        END
        AND (
            NOT is_new
            OR NOT EXISTS (
                SELECT 1 FROM student_course
                WHERE student_course.student_id = student.id AND student_course.status <> 'void'
            )
            AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.student_id = student.id)
            AND NOT EXISTS (SELECT 1 FROM token WHERE token.student_id = student.id)
            AND student.id NOT IN (SELECT into_id FROM merge)
        )
) AS found
WHERE undo_record.kind = 'student' AND undo_record.record_id = found.id;

-- name: update_undo_numbers()!
-- Whose number is another's by now, who does not give it back in the same undo?
WITH RECURSIVE held AS MATERIALIZED (
    SELECT back.record_id, other.id AS other_id,
        EXISTS (
            SELECT 1 FROM undo_record AS giver
            WHERE giver.kind = 'student'
                AND giver.record_id = other.id
                AND giver.outcome = 'reversed'
                AND giver.number IS DISTINCT FROM giver.before ->> 'number'
        ) AS gives
    FROM undo_record AS back
    CROSS JOIN student AS other
    WHERE back.kind = 'student'
        AND back.outcome = 'reversed'
        AND other.number = CAST(back.before ->> 'number' AS citext)
        AND other.id <> back.record_id
),

blocked (record_id) AS (
    SELECT record_id FROM held WHERE NOT gives
    UNION
    SELECT held.record_id
    FROM blocked
    CROSS JOIN held
    WHERE held.other_id = blocked.record_id
)

UPDATE undo_record
SET outcome = 'conflict', detail = 'Another student has the number by now.'
WHERE kind = 'student' AND record_id IN (SELECT record_id FROM blocked);

-- name: update_numbers_freed(at)!
-- Leave the students without a number who give theirs back: no two have the same, not even for a moment.
UPDATE student
SET number = NULL, updated_at = :at, version = version + 1
WHERE id IN (
    SELECT giver.record_id
    FROM undo_record AS back
    CROSS JOIN student AS other
    CROSS JOIN undo_record AS giver
    WHERE back.kind = 'student'
        AND back.outcome = 'reversed'
        AND other.number = CAST(back.before ->> 'number' AS citext)
        AND other.id <> back.record_id
        AND giver.kind = 'student'
        AND giver.record_id = other.id
        AND giver.outcome = 'reversed'
);

-- name: update_students_restored(at)!
-- Give these students the values that they had before.
UPDATE student
SET number = CASE
        WHEN undo_record.number IS DISTINCT FROM before ->> 'number' THEN before ->> 'number'
        ELSE student.number
    END,
    given_name = CASE
        WHEN after ->> 'given_name' IS DISTINCT FROM before ->> 'given_name' THEN before ->> 'given_name'
        ELSE given_name
    END,
    family_name = CASE
        WHEN after ->> 'family_name' IS DISTINCT FROM before ->> 'family_name' THEN before ->> 'family_name'
        ELSE family_name
    END,
    email = CASE WHEN after ->> 'email' IS DISTINCT FROM before ->> 'email' THEN before ->> 'email' ELSE email END,
    status = CASE
        WHEN after ->> 'status' IS DISTINCT FROM before ->> 'status' THEN before ->> 'status'
        ELSE status
    END,
    groups = CASE
        WHEN after ->> 'groups' IS DISTINCT FROM before ->> 'groups' THEN before ->> 'groups'
        ELSE groups
    END,
    updated_at = :at,
    version = version + 1
FROM undo_record
WHERE undo_record.kind = 'student'
    AND NOT undo_record.is_new
    AND undo_record.outcome = 'reversed'
    AND student.id = undo_record.record_id;

-- name: delete_undone_students()!
-- Delete the new students who have nothing but what the import brought.
DELETE FROM student
WHERE id IN (SELECT record_id FROM undo_record WHERE kind = 'student' AND is_new AND outcome = 'reversed');

-- name: update_undo_courses(is_new)!
-- Which courses are still as the import left them, and what stands in the way of those? A new one goes only if no one
-- needs it. New ones go first: another may need the label.
UPDATE undo_record
SET outcome = CASE WHEN found.obstacle IS NULL THEN 'reversed' ELSE 'conflict' END,
    detail = found.obstacle
FROM (
    SELECT undo_record.record_id AS id,
        CASE
            WHEN is_new THEN NULL
            WHEN EXISTS (
                SELECT 1 FROM course AS other
                WHERE other.code = CASE
                        WHEN after ->> 'code' IS DISTINCT FROM before ->> 'code'
                            THEN CAST(before ->> 'code' AS citext)
                        ELSE course.code
                    END
                    AND other.section IS NOT DISTINCT FROM CASE
                        WHEN after ->> 'section' IS DISTINCT FROM before ->> 'section'
                            THEN CAST(before ->> 'section' AS citext)
                        ELSE course.section
                    END
                    AND other.term IS NOT DISTINCT FROM CASE
                        WHEN after ->> 'term' IS DISTINCT FROM before ->> 'term'
                            THEN CAST(before ->> 'term' AS citext)
                        ELSE course.term
                    END
                    AND other.id <> course.id
            )
                THEN 'Another course has the code by now.'
            WHEN before ->> 'term' IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM term WHERE term.code = CAST(before ->> 'term' AS citext))
                THEN 'There is no term ' || (before ->> 'term') || ' by now.'
            WHEN EXISTS (
                SELECT 1 FROM course_requirement
                WHERE course_requirement.course_id = course.id
                    AND course_requirement.code = CAST(before ->> 'code' AS citext)
            )
                THEN 'The course requires the code ' || (before ->> 'code') || ' by now.'
        END AS obstacle
    FROM undo_record
    CROSS JOIN course
    WHERE undo_record.kind = 'course'
        AND undo_record.is_new = :is_new
        AND NOT undo_record.is_edited
        AND course.id = undo_record.record_id
        AND course.code = CASE
            WHEN after ->> 'code' IS DISTINCT FROM before ->> 'code' THEN CAST(after ->> 'code' AS citext)
            ELSE course.code
        END
        AND course.section IS NOT DISTINCT FROM CASE
            WHEN after ->> 'section' IS DISTINCT FROM before ->> 'section'
                THEN CAST(after ->> 'section' AS citext)
            ELSE course.section
        END
        AND course.title = CASE
            WHEN after ->> 'title' IS DISTINCT FROM before ->> 'title' THEN CAST(after ->> 'title' AS citext)
            ELSE course.title
        END
        AND course.status = CASE
            WHEN after ->> 'status' IS DISTINCT FROM before ->> 'status' THEN after ->> 'status'
            ELSE course.status
        END
        AND course.term IS NOT DISTINCT FROM CASE
            WHEN after ->> 'term' IS DISTINCT FROM before ->> 'term' THEN CAST(after ->> 'term' AS citext)
            ELSE course.term
        END
        AND (
            NOT is_new
            OR NOT EXISTS (
                SELECT 1 FROM student_course
                WHERE student_course.course_id = course.id AND student_course.status <> 'void'
            )
        )
) AS found
WHERE undo_record.kind = 'course' AND undo_record.record_id = found.id;

-- name: update_courses_restored(at)!
-- Give these courses the values that they had before.
UPDATE course
SET code = CASE WHEN after ->> 'code' IS DISTINCT FROM before ->> 'code' THEN before ->> 'code' ELSE code END,
    section = CASE
        WHEN after ->> 'section' IS DISTINCT FROM before ->> 'section' THEN before ->> 'section'
        ELSE section
    END,
    title = CASE WHEN after ->> 'title' IS DISTINCT FROM before ->> 'title' THEN before ->> 'title' ELSE title END,
    status = CASE
        WHEN after ->> 'status' IS DISTINCT FROM before ->> 'status' THEN before ->> 'status'
        ELSE status
    END,
    term = CASE WHEN after ->> 'term' IS DISTINCT FROM before ->> 'term' THEN before ->> 'term' ELSE term END,
    updated_at = :at,
    version = version + 1
FROM undo_record
WHERE undo_record.kind = 'course'
    AND NOT undo_record.is_new
    AND undo_record.outcome = 'reversed'
    AND course.id = undo_record.record_id;

-- name: delete_undone_courses()!
-- Delete the new courses that no one needs.
DELETE FROM course
WHERE id IN (SELECT record_id FROM undo_record WHERE kind = 'course' AND is_new AND outcome = 'reversed');

-- name: update_undo_terms()!
-- Which terms are still as the import left them? A new one goes only if it has no course. Another one must not end
-- before it starts by now.
UPDATE undo_record
SET outcome = 'reversed', detail = NULL
WHERE kind = 'term'
    AND NOT is_edited
    AND EXISTS (
        SELECT 1 FROM term
        WHERE term.id = undo_record.record_id
            AND term.title = CASE
                WHEN after ->> 'title' IS DISTINCT FROM before ->> 'title'
                    THEN CAST(after ->> 'title' AS citext)
                ELSE term.title
            END
            AND term.start_on = CASE
                WHEN after ->> 'start_on' IS DISTINCT FROM before ->> 'start_on' THEN after ->> 'start_on'
                ELSE term.start_on
            END
            AND term.end_on = CASE
                WHEN after ->> 'end_on' IS DISTINCT FROM before ->> 'end_on' THEN after ->> 'end_on'
                ELSE term.end_on
            END
            AND CASE
                WHEN is_new THEN NOT EXISTS (SELECT 1 FROM course WHERE course.term = term.code)
                ELSE coalesce(before ->> 'end_on', term.end_on) >= coalesce(before ->> 'start_on', term.start_on)
            END
    );

-- name: update_terms_restored(at)!
-- Give these terms the values that they had before.
UPDATE term
SET title = CASE WHEN after ->> 'title' IS DISTINCT FROM before ->> 'title' THEN before ->> 'title' ELSE title END,
    start_on = CASE
        WHEN after ->> 'start_on' IS DISTINCT FROM before ->> 'start_on' THEN before ->> 'start_on'
        ELSE start_on
    END,
    end_on = CASE
        WHEN after ->> 'end_on' IS DISTINCT FROM before ->> 'end_on' THEN before ->> 'end_on'
        ELSE end_on
    END,
    updated_at = :at,
    version = version + 1
FROM undo_record
WHERE undo_record.kind = 'term'
    AND NOT undo_record.is_new
    AND undo_record.outcome = 'reversed'
    AND term.id = undo_record.record_id;

-- name: delete_undone_terms()!
-- Delete the new terms that have no course.
DELETE FROM term
WHERE id IN (SELECT record_id FROM undo_record WHERE kind = 'term' AND is_new AND outcome = 'reversed');

-- name: update_import_undone(id, at, actor)^
-- The import is undone.
UPDATE import
SET undone_at = :at, undone_by = :actor, version = version + 1
WHERE id = :id
RETURNING id, version;

-- name: update_records_undone(id)!
-- The records of the source are again what they were before this import. Versions of later imports stay.
UPDATE source_record
SET is_current = CASE
        WHEN id IN (
            SELECT max(version.id)
            FROM source_record AS touched
            CROSS JOIN source_record AS version
            CROSS JOIN import
            WHERE touched.import_id = :id
                AND version.kind = touched.kind
                AND version.sourced_id = touched.sourced_id
                AND version.source = touched.source
                AND import.id = version.import_id
                AND import.undone_at IS NULL
            GROUP BY version.kind, version.sourced_id, version.source
        )
            THEN 1
        ELSE 0
    END
WHERE (kind, sourced_id, source) IN (
    SELECT kind, sourced_id, source FROM source_record WHERE import_id = :id
);

-- name: list_undo_counts()
-- How many records were reversed, kept or in conflict?
SELECT outcome, count(*) AS count
FROM (SELECT outcome FROM undo_pair UNION ALL SELECT outcome FROM undo_record) AS undone
GROUP BY outcome
ORDER BY outcome;

-- name: list_undone(limit)
-- What became of each record? Conflicts come first.
SELECT kind, record_id, course_id, outcome, detail
FROM (
    SELECT 'enrollment' AS kind, student_id AS record_id, course_id, outcome, detail FROM undo_pair
    UNION ALL
    SELECT kind, record_id, NULL, outcome,
        CASE WHEN outcome = 'reversed' AND is_new THEN 'New with the import: deleted.' ELSE detail END
    FROM undo_record
) AS undone
ORDER BY CASE outcome WHEN 'conflict' THEN 1 WHEN 'kept' THEN 2 ELSE 3 END, kind, record_id, course_id
LIMIT :limit;

-- name: list_undone_courses()
-- In which courses was anything taken back, and which are as before, or their term?
SELECT undo_pair.course_id
FROM undo_pair
JOIN course ON course.id = undo_pair.course_id
WHERE undo_pair.outcome = 'reversed'
UNION
SELECT record_id FROM undo_record
WHERE kind = 'course' AND outcome = 'reversed'
UNION
SELECT course.id
FROM undo_record
CROSS JOIN term
CROSS JOIN course
WHERE undo_record.kind = 'term'
    AND undo_record.outcome = 'reversed'
    AND term.id = undo_record.record_id
    AND course.term = term.code
ORDER BY course_id;

-- name: list_undone_students()
-- Which students are as before, or wait for a course, and had anything taken back? The course in which they had it can be
-- gone.
SELECT record_id AS student_id FROM undo_record
WHERE kind = 'student' AND outcome = 'reversed'
UNION
SELECT undo_pair.student_id
FROM undo_pair
CROSS JOIN student_course
WHERE undo_pair.outcome = 'reversed'
    AND student_course.student_id = undo_pair.student_id
    AND student_course.status = 'waitlisted'
ORDER BY student_id;
