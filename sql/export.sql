-- name: get_school()^
-- What is this school called, and what do the ids of its records begin with?
SELECT key, name
FROM school
WHERE id = 1;

-- name: update_school(name)!
-- Call the school by this name.
UPDATE school
SET name = :name
WHERE id = 1;

-- name: list_exported_terms(term, since, source)
-- Which terms are there, or have changed since? The term 0 is that of the courses without one: it has changed with the
-- last of them. Of one that has got an id of another system since, ours is deleted; so it is with courses and students.
-- include: exported_record.sql
-- include: renamed.sql

SELECT 0 AS id, NULL AS title, NULL AS start_on, NULL AS end_on,
    CASE WHEN :since IS NOT NULL THEN max(course.updated_at) END AS updated_at, NULL AS deleted_at
FROM course
WHERE :term IS NULL
    AND course.term IS NULL
    AND (:since IS NULL OR course.updated_at >= :since)
    AND NOT EXISTS (
        SELECT 1 FROM exported_record AS known
        WHERE known.course_id = course.id AND known.kind = 'classes'
    )
HAVING count(*) > 0
UNION ALL
SELECT id, title, start_on, end_on, updated_at, CASE WHEN is_known THEN updated_at END
FROM (
    SELECT term.id, term.title, term.start_on, term.end_on, renamed.renamed_at,
        CASE WHEN renamed.renamed_at > term.updated_at THEN renamed.renamed_at ELSE term.updated_at END AS updated_at,
        EXISTS (
            SELECT 1 FROM exported_record AS known
            WHERE known.term_id = term.id AND known.is_deleted = 0
        ) AS is_known
    FROM term
    LEFT JOIN renamed ON renamed.term_id = term.id
    WHERE :term IS NULL OR term.code = :term
) AS present
WHERE (:since IS NULL OR updated_at >= :since)
    AND (NOT is_known OR renamed_at IS NOT NULL)
UNION ALL
SELECT subject_id, before ->> 'title', before ->> 'start_on', before ->> 'end_on', recorded_at, recorded_at
FROM record_change
WHERE recorded_at >= :since
    AND subject = 'term' AND part IS NULL AND after IS NULL AND before ->> 'title' IS NOT NULL
    AND (:term IS NULL OR lower(before ->> 'code') = lower(:term))
ORDER BY 1;

-- name: list_exported_codes(term, since, source)
-- Which codes do courses have? Each is one course of the catalog, known by the first that has it. When that course is
-- deleted, or gets the code of an earlier one, that course of the catalog is deleted. renamed_at is when a course with
-- the code got or lost an id of another system.
-- include: exported_record.sql
-- include: dated_course.sql
-- include: renamed.sql
, dated_code AS MATERIALIZED (
    SELECT section.code, max(dated_course.updated_at) AS updated_at, max(renamed.renamed_at) AS renamed_at
    FROM dated_course
    CROSS JOIN course AS section
    LEFT JOIN renamed ON renamed.course_id = section.id
    WHERE section.id = dated_course.course_id
    GROUP BY section.code
)

SELECT course.id, course.code, course.title,
    CASE
        WHEN dated_code.renamed_at > dated_code.updated_at THEN dated_code.renamed_at
        ELSE dated_code.updated_at
    END AS updated_at,
    dated_code.renamed_at,
    EXISTS (
        SELECT 1 FROM course AS section
        WHERE section.code = course.code
            AND NOT EXISTS (
                SELECT 1 FROM exported_record AS known
                WHERE known.course_id = section.id AND known.kind = 'classes'
            )
    ) AS is_own,
    NULL AS deleted_at
FROM course
CROSS JOIN dated_code
WHERE dated_code.code = course.code
    AND NOT EXISTS (SELECT 1 FROM course AS earlier WHERE earlier.code = course.code AND earlier.id < course.id)
    AND (
        :term IS NULL
        OR EXISTS (SELECT 1 FROM course AS section WHERE section.code = course.code AND section.term = :term)
    )
    AND (:since IS NULL OR dated_code.updated_at >= :since OR dated_code.renamed_at IS NOT NULL)
UNION ALL
SELECT changed.subject_id, max(changed.before ->> 'code'), coalesce(course.title, max(changed.before ->> 'title')),
    max(changed.recorded_at), NULL, true, max(changed.recorded_at)
FROM record_change AS changed
LEFT JOIN course ON course.id = changed.subject_id
WHERE changed.recorded_at >= :since
    AND changed.subject = 'course' AND changed.part IS NULL AND changed.before ->> 'code' IS NOT NULL
    AND (:term IS NULL OR lower(coalesce(course.term, changed.before ->> 'term')) = lower(:term))
    AND NOT EXISTS (
        SELECT 1 FROM course AS first
        WHERE first.code = CAST(changed.before ->> 'code' AS citext) AND first.id < changed.subject_id
    )
    AND (
        course.id IS NULL
        OR EXISTS (SELECT 1 FROM course AS earlier WHERE earlier.code = course.code AND earlier.id < course.id)
    )
GROUP BY changed.subject_id, course.title
HAVING coalesce(course.title, max(changed.before ->> 'title')) IS NOT NULL
ORDER BY 1;

-- name: list_exported_courses(term, since, with_history, source)
-- Which courses are there, or have changed since? Cancelled ones are part of the history.
-- include: exported_record.sql
-- include: dated_course.sql
-- include: renamed.sql

SELECT id, title, label, code_id, term_id, room, updated_at,
    CASE WHEN is_known OR status = 'cancelled' THEN updated_at END AS deleted_at
FROM (
    SELECT course.id, course.title, course.label, course.status,
        (SELECT min(first.id) FROM course AS first WHERE first.code = course.code) AS code_id,
        coalesce(term.id, 0) AS term_id,
        (
            SELECT min(room) FROM course_meeting
            WHERE course_id = course.id
            HAVING min(room) = max(room) AND count(room) = count(*)
        ) AS room,
        renamed.renamed_at,
        (
            SELECT max(changed_at)
            FROM (
                SELECT dated_course.updated_at AS changed_at
                UNION ALL
                SELECT renamed.renamed_at
                UNION ALL
                SELECT renamed_term.renamed_at
            ) AS dated
        ) AS updated_at,
        EXISTS (
            SELECT 1 FROM exported_record AS known
            WHERE known.course_id = course.id AND known.kind = 'classes'
        ) AS is_known
    FROM dated_course
    CROSS JOIN course
    LEFT JOIN term ON term.code = course.term
    LEFT JOIN renamed ON renamed.course_id = course.id
    LEFT JOIN renamed AS renamed_term ON renamed_term.term_id = term.id
    WHERE course.id = dated_course.course_id
        AND (:term IS NULL OR course.term = :term)
        AND (course.status <> 'cancelled' OR :with_history OR :since IS NOT NULL)
) AS present
WHERE (:since IS NULL OR updated_at >= :since)
    AND (NOT is_known OR renamed_at IS NOT NULL)
UNION ALL
SELECT deleted.subject_id, deleted.before ->> 'title', deleted.before ->> 'code',
    coalesce(
        (SELECT min(first.id) FROM course AS first WHERE first.code = CAST(deleted.before ->> 'code' AS citext)),
        deleted.subject_id
    ),
    coalesce((SELECT term.id FROM term WHERE term.code = CAST(deleted.before ->> 'term' AS citext)), 0),
    NULL, deleted.recorded_at, deleted.recorded_at
FROM record_change AS deleted
WHERE deleted.recorded_at >= :since
    AND deleted.subject = 'course' AND deleted.part IS NULL AND deleted.after IS NULL
    AND deleted.before ->> 'title' IS NOT NULL
    AND (:term IS NULL OR lower(deleted.before ->> 'term') = lower(:term))
ORDER BY 1;

-- name: list_exported_students(since, source)
-- Which students are there, or have changed since? Who was erased is gone.
-- include: exported_record.sql
-- include: renamed.sql

SELECT id, number, given_name, family_name, email, status, updated_at,
    CASE WHEN is_known OR is_erased THEN updated_at END AS deleted_at
FROM (
    SELECT student.id, student.number, student.given_name, student.family_name, student.email, student.status,
        renamed.renamed_at,
        CASE WHEN renamed.renamed_at > student.updated_at THEN renamed.renamed_at ELSE student.updated_at END
            AS updated_at,
        EXISTS (
            SELECT 1 FROM exported_record AS known
            WHERE known.student_id = student.id AND known.kind = 'users'
        ) AS is_known,
        EXISTS (SELECT 1 FROM erasure WHERE erasure.student_id = student.id) AS is_erased
    FROM student
    LEFT JOIN renamed ON renamed.student_id = student.id
) AS present
WHERE (:since IS NULL OR updated_at >= :since)
    AND (:since IS NOT NULL OR NOT is_erased)
    AND (NOT is_known OR renamed_at IS NOT NULL)
UNION ALL
SELECT subject_id, NULL, NULL, coalesce(before ->> 'family_name', 'Erased'), NULL, 'inactive', recorded_at, recorded_at
FROM record_change
WHERE recorded_at >= :since
    AND subject = 'student' AND part IS NULL AND after IS NULL
ORDER BY 1;

-- name: list_stretches(term, with_history, source)
-- Who was in which course, from when until when? What was of someone who is erased is none. Only with the history
-- are there stretches that ended with a drop, and those in cancelled courses.
-- include: exported_record.sql

SELECT stretch.id, stretch.student_id, stretch.course_id, stretch.began_at, stretch.status, stretch.ended_at,
    ending.passed, ending.grade, stretch.updated_at, NULL AS deleted_at,
-- include: user_of_stretch.sql
FROM enrollment_stretch AS stretch
CROSS JOIN course
-- include: end_of_stretch.sql
WHERE course.id = stretch.course_id
    AND (:term IS NULL OR course.term = :term)
    AND (:with_history OR course.status <> 'cancelled' AND stretch.status <> 'dropped')
    AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.student_id = stretch.student_id)
    AND NOT EXISTS (
        SELECT 1 FROM exported_record AS known WHERE known.event_id = stretch.id
    )
ORDER BY stretch.id;

-- name: list_changed_stretches(term, since, source)
-- Which stretches have changed since? One that ended with a drop, was corrected away or was of someone who is
-- erased is deleted. Others are those of courses that are there: all of them, if the course is open again since, or if
-- the student or the course has another id since. One that had an id of another system is ours again when that id is. Of
-- one that has got an id of another system since, ours is deleted.
-- include: exported_record.sql
-- include: renamed.sql
-- include: renamed_stretch.sql
, resent AS MATERIALIZED (
    SELECT student_id, course_id, max(changed_at) AS resent_at
    FROM (
        SELECT present.student_id, present.course_id, reopening.recorded_at AS changed_at
        FROM record_change AS reopening
        CROSS JOIN student_course AS present
        WHERE reopening.recorded_at >= :since
            AND reopening.subject = 'course'
            AND reopening.before ->> 'status' = 'cancelled'
            AND reopening.after IS NOT NULL
            AND present.course_id = reopening.subject_id
        UNION ALL
        SELECT present.student_id, present.course_id, renamed.renamed_at
        FROM renamed
        CROSS JOIN student_course AS present
        WHERE present.student_id = renamed.student_id
        UNION ALL
        SELECT present.student_id, present.course_id, renamed.renamed_at
        FROM renamed
        CROSS JOIN student_course AS present
        WHERE present.course_id = renamed.course_id
        UNION ALL
        SELECT event.student_id, event.course_id, renamed_stretch.renamed_at
        FROM renamed_stretch
        CROSS JOIN student_course_event AS event
        WHERE event.id = renamed_stretch.event_id
    ) AS dated
    GROUP BY student_id, course_id
),

touched (student_id, course_id) AS MATERIALIZED (
    SELECT student_id, course_id FROM student_course_event WHERE recorded_at >= :since
    UNION
    SELECT event.student_id, event.course_id
    FROM erasure
    CROSS JOIN student_course_event AS event
    WHERE erasure.erased_at >= :since AND event.student_id = erasure.student_id
    UNION
    SELECT student_id, course_id FROM resent
    UNION
    SELECT named.student_id, named.course_id
    FROM import
    CROSS JOIN source_record AS changed
    CROSS JOIN source_record AS named
    WHERE coalesce(import.undone_at, import.made_at) >= :since
        AND changed.import_id = import.id
        AND changed.kind = 'enrollments'
        AND named.kind = changed.kind
        AND named.sourced_id = changed.sourced_id
        AND named.source = changed.source
        AND named.event_id IS NOT NULL
),

-- PostgreSQL expects that almost no event still stands, and would compare each event with all that was touched. So the
-- events are found first, and which of them stand is asked later.
began AS MATERIALIZED (
    SELECT event.id, event.student_id, event.course_id, event.effective_at, event.superseded_by
    FROM touched
    CROSS JOIN enrollment_event AS event
    WHERE event.student_id = touched.student_id
        AND event.course_id = touched.course_id
        AND event.to_status = 'enrolled'
),

changed AS (
    SELECT stretch.id, stretch.event_id, stretch.student_id, stretch.course_id, stretch.began_at, stretch.status,
        stretch.ended_at,
-- include: changed_at.sql
        CASE stretch.status WHEN 'dropped' THEN stretch.updated_at END AS deleted_at
    FROM began
    CROSS JOIN enrollment_stretch AS stretch
    WHERE began.superseded_by IS NULL AND stretch.event_id = began.id
    UNION ALL
    SELECT id, id, student_id, course_id, effective_at, 'dropped', effective_at, superseded_at, superseded_at
    FROM (
        SELECT began.id, began.student_id, began.course_id, began.effective_at,
            -- It can have stood again in between.
            (
                SELECT max(correction.recorded_at) FROM student_course_event AS correction
                WHERE correction.student_id = began.student_id
                    AND correction.course_id = began.course_id
                    AND correction.corrects IS NOT NULL
            ) AS superseded_at
        FROM began
        WHERE began.superseded_by IS NOT NULL
            AND began.id NOT IN (
                SELECT id FROM enrollment_stretch AS standing
                WHERE standing.student_id = began.student_id AND standing.course_id = began.course_id
            )
            AND NOT EXISTS (
                SELECT 1 FROM student_course_event AS correction
                WHERE correction.id = began.id AND correction.corrects IS NOT NULL
            )
    ) AS gone
),

stretch AS (
    SELECT id, event_id, student_id, course_id, began_at, status, ended_at,
        CASE WHEN is_known THEN renamed_at ELSE updated_at END AS updated_at,
        CASE WHEN is_known THEN renamed_at ELSE deleted_at END AS deleted_at
    FROM (
        SELECT changed.id, changed.event_id, changed.student_id, changed.course_id, changed.began_at, changed.status,
            changed.ended_at, changed.updated_at, changed.deleted_at, renamed_stretch.renamed_at,
            EXISTS (
                SELECT 1 FROM exported_record AS known WHERE known.event_id = changed.id
            ) AS is_known
        FROM changed
        LEFT JOIN renamed_stretch ON renamed_stretch.event_id = changed.id
    ) AS labeled
    WHERE NOT is_known OR renamed_at IS NOT NULL
)

SELECT stretch.id, stretch.student_id, stretch.course_id, stretch.began_at, stretch.status, stretch.ended_at,
    ending.passed, ending.grade,
    CASE
        WHEN erasure.erased_at IS NOT NULL THEN erasure.erased_at
        WHEN resent.resent_at > stretch.updated_at AND stretch.deleted_at IS NULL THEN resent.resent_at
        ELSE stretch.updated_at
    END AS updated_at,
    coalesce(erasure.erased_at, stretch.deleted_at) AS deleted_at,
-- include: user_of_stretch.sql
FROM stretch
CROSS JOIN course
-- include: end_of_stretch.sql
LEFT JOIN erasure ON erasure.student_id = stretch.student_id
LEFT JOIN resent ON resent.student_id = stretch.student_id AND resent.course_id = stretch.course_id
WHERE course.id = stretch.course_id
    AND (:term IS NULL OR course.term = :term)
    AND CASE
        WHEN coalesce(erasure.erased_at, stretch.deleted_at) IS NOT NULL
            THEN coalesce(erasure.erased_at, stretch.updated_at) >= :since
        ELSE course.status <> 'cancelled'
            AND (stretch.updated_at >= :since OR resent.resent_at IS NOT NULL)
    END
ORDER BY stretch.id;

-- name: get_outcomes(term, since, with_history, source)^
-- Has an enrollment ended here, and with a grade? What another system has said of it in the same words is its own. A
-- delta has the drops too: they are to be deleted.
-- include: exported_record.sql
, ended AS NOT MATERIALIZED (
    SELECT event.grade
    FROM enrollment_event AS event
    CROSS JOIN course
    WHERE event.to_status IN ('completed', 'dropped')
        AND event.from_status IS DISTINCT FROM 'waitlisted'
        AND event.superseded_by IS NULL
        AND course.id = event.course_id
        AND (:term IS NULL OR course.term = :term)
        AND (:with_history OR :since IS NOT NULL OR course.status <> 'cancelled' AND event.to_status <> 'dropped')
        AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.student_id = event.student_id)
        AND NOT EXISTS (
            SELECT 1 FROM exported_record AS known
            WHERE known.student_id = event.student_id
                AND known.course_id = event.course_id
                AND known.kind = 'enrollments'
                AND known.is_deleted = 0
                AND known.taken ->> 'status' = event.to_status
                AND known.taken ->> 'ended_at' = event.effective_at
                AND coalesce(CAST(known.taken ->> 'passed' AS boolean), event.passed) IS NOT DISTINCT FROM event.passed
                AND known.taken ->> 'grade' IS NOT DISTINCT FROM event.grade
        )
)

SELECT EXISTS (SELECT 1 FROM ended) AS has_outcomes,
    EXISTS (SELECT 1 FROM ended WHERE grade IS NOT NULL) AS has_grades;

-- name: list_people(status)
-- Which students are there, in the order of their names?
SELECT id, number, family_name, given_name, email, status, groups
FROM student
WHERE (:status IS NULL OR status = :status)
ORDER BY family_sort, given_sort, id;

-- name: list_roster(course_id, status)
-- Which students are or were in this course, in the order of their names?
SELECT student.id, student.number, student.family_name, student.given_name, student.email,
    enrollment.status, student.groups, enrollment.position, enrollment.enrolled_at, enrollment.waitlisted_at,
    enrollment.completed_at, enrollment.dropped_at,
    CASE WHEN enrollment.passed THEN 'passed' WHEN NOT enrollment.passed THEN 'not passed' END AS outcome, enrollment.grade
FROM enrollment
CROSS JOIN student
WHERE enrollment.course_id = :course_id
    AND student.id = enrollment.student_id
    AND (:status IS NULL OR enrollment.status = :status)
ORDER BY student.family_sort, student.given_sort, student.id;

-- name: list_term_courses(term_id)
-- Which courses does this term have, how full are they, and when do they meet?
SELECT course.id, course.code, course.section, course.title, course.instructor, course.credits, course.status,
    course_seat.capacity, course_seat.enrolled, course_seat.waitlisted,
-- include: meetings.sql
FROM term
CROSS JOIN course
CROSS JOIN course_seat
WHERE term.id = :term_id AND course.term = term.code AND course_seat.course_id = course.id
ORDER BY course.code, course.label;

-- name: get_source_of_export(source)^
-- Did an import come from this system?
SELECT 1 AS found
FROM import
WHERE source = :source
LIMIT 1;

-- name: get_term_of_export(code)^
-- Is there a term with this code?
SELECT id
FROM term
WHERE code = :code;
