-- name: list_merges(after_student_id, limit)
-- Which students were merged into which: when, and by whom? A student who became active again is left out.
SELECT student_id, into_id AS "into", merged_at, merged_by
FROM merge
WHERE student_id > :after_student_id
    AND NOT EXISTS (SELECT 1 FROM student WHERE id = merge.student_id AND status = 'active')
ORDER BY student_id
LIMIT :limit;

-- name: delete_merge(into_id)!
-- Remove the merge of this student: others are merged into this record, so it is the one that stays.
DELETE FROM merge
WHERE student_id = :into_id;

-- name: update_merges(student_id, into_id)!
-- Point the merges into this student to the other one, into which this student is merged.
UPDATE merge
SET into_id = :into_id
WHERE into_id = :student_id;

-- name: insert_merge(student_id, into_id, at, actor)!
-- Record the merge. A student who was merged before can be merged again, into another one.
INSERT INTO merge (student_id, into_id, merged_at, merged_by)
VALUES (:student_id, :into_id, :at, :actor)
ON CONFLICT (student_id) DO UPDATE
SET into_id = excluded.into_id, merged_at = excluded.merged_at, merged_by = excluded.merged_by;

-- name: list_broken_merge_rules(student_id, into_id)
-- Which rules would it break to merge this student into that one?
SELECT '/into' AS pointer, 'merges_into_itself' AS code,
    'Student ' || CAST(:student_id AS text) || ' cannot be merged into itself.' AS detail,
    json_object('student_id', :student_id) AS details
WHERE :student_id = :into_id
UNION ALL
SELECT '/into', 'unknown_student',
    'There is no student ' || CAST(:into_id AS text) || '.',
    json_object('student_id', :into_id)
WHERE NOT EXISTS (SELECT 1 FROM student WHERE id = :into_id)
UNION ALL
SELECT CASE WHEN student_id = :into_id THEN '/into' ELSE '' END, 'student_erased',
    'Student ' || CAST(student_id AS text) || ' was erased.',
    json_object('student_id', student_id)
FROM erasure
WHERE student_id IN (:student_id, :into_id)
ORDER BY pointer, code;

-- name: list_merged_courses(student_id, into_id)
-- What becomes of each enrollment of this student in a merge into that one? "moved": the other has none, and gets
-- it. Where both have one: "replaced", that of this student stays, or "kept", that of the other. What is passed comes
-- first: it can't be had again without the course. Then comes a seat, which can be lost to the waitlist.
WITH side AS (
    SELECT enrollment.student_id, enrollment.course_id, enrollment.status,
        enrollment.queue_number, enrollment.queue_fraction,
        CASE
            WHEN enrollment.passed_at IS NOT NULL THEN 1
            WHEN enrollment.status = 'completed' AND enrollment.passed IS NULL THEN 1
            WHEN enrollment.status = 'enrolled' THEN 2
            WHEN enrollment.status = 'completed' THEN 3
            WHEN enrollment.status = 'waitlisted' THEN 4
            ELSE 5
        END AS place,
        (
            SELECT count(*) FROM enrollment_event AS event
            WHERE event.student_id = enrollment.student_id AND event.course_id = enrollment.course_id
                AND event.superseded_by IS NULL
                AND event.to_status <> 'void'
        ) AS events
    FROM enrollment
    WHERE enrollment.student_id IN (:student_id, :into_id)
),

ranked AS (
    SELECT student_id, course_id,
        count(*) OVER (PARTITION BY course_id) AS records,
        row_number() OVER (
            PARTITION BY course_id
            -- Of two that are passed, one that is taken again holds a seat too. Of two that wait, the better place
            -- stays: the others have no queue number.
            ORDER BY place, CASE status WHEN 'enrolled' THEN 1 WHEN 'waitlisted' THEN 3 ELSE 2 END,
                queue_number, queue_fraction, events DESC, student_id = :student_id
        ) AS place
    FROM side
)

SELECT course_id,
    CASE WHEN records = 1 THEN 'moved' WHEN place = 1 THEN 'replaced' ELSE 'kept' END AS outcome
FROM ranked
WHERE student_id = :student_id
ORDER BY course_id;

-- name: list_statuses(student_id, course_ids)
-- Which status has this student in these courses, and what does the student give up for a seat? course_ids is a JSON
-- array.
SELECT course_id, status,
    (
        SELECT instead_of FROM swap
        WHERE swap.student_id = student_course.student_id AND swap.course_id = student_course.course_id
    ) AS instead_of
FROM student_course
WHERE student_id = :student_id
    AND course_id IN (SELECT CAST(value AS bigint) FROM json_each(:course_ids))
ORDER BY course_id;

-- name: list_events_to_move(student_id, into_id, course_ids)
-- Which events that stand made this student's enrollments in these courses what they are? place_of is the event
-- that gave the place on the waitlist that goes with one. queue_number and queue_fraction are that place, if the student
-- was moved to it, or if who had it first, and was merged into this student, is in the course again: next_fraction then
-- is the next place after that number. course_ids is a JSON array.
SELECT id, course_id,
    CASE WHEN gives_place AND NOT owner_is_back THEN coalesce(place_of, id) END AS place_of,
    CASE WHEN gives_place AND (queue_fraction <> '' OR owner_is_back) THEN queue_number END AS queue_number,
    queue_fraction,
    (
        SELECT min(other.queue_fraction) FROM student_course AS other
        WHERE other.course_id = moving.course_id
            AND other.status = 'waitlisted'
            AND other.queue_number = moving.queue_number
            AND other.queue_fraction > moving.queue_fraction
    ) AS next_fraction
FROM (
    SELECT event.id, event.course_id, event.place_of, event.gives_place,
        present.queue_number, present.queue_fraction,
        EXISTS (
            SELECT 1
            FROM student_course_event AS first
            CROSS JOIN student_course AS owner
            WHERE first.id = event.place_of
                AND owner.student_id = first.student_id
                AND owner.course_id = first.course_id
                AND owner.student_id NOT IN (:student_id, :into_id)
                AND owner.status <> 'void'
        ) AS owner_is_back
    FROM student_course AS present
    CROSS JOIN (
        SELECT id, student_id, course_id, place_of,
            to_status = 'waitlisted' AND id = max(id) OVER (PARTITION BY course_id) AS gives_place
        FROM enrollment_event
        WHERE student_id = :student_id
            AND course_id IN (SELECT CAST(value AS bigint) FROM json_each(:course_ids))
            AND from_status IS DISTINCT FROM to_status
            AND superseded_by IS NULL
            AND to_status <> 'void'
    ) AS event
    WHERE present.student_id = :student_id AND present.course_id = event.course_id
) AS moving
ORDER BY id;

-- name: insert_moved_event(event_id, place_of, into_id, at, actor, reason)!
-- Give the enrollment of the other student the status that it has in this event, since the same time. It takes no
-- seat and no place on the waitlist but that of the enrollment that is now void: so where none is free, the
-- history shows that the rule was overridden.
INSERT INTO student_course (
    student_id, course_id, status, enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade,
    changed_at, effective_at, changed_by, change_reason, overridden, place_of, instead_of
)
SELECT :into_id, course_id, to_status,
    CASE to_status WHEN 'enrolled' THEN since END,
    CASE to_status WHEN 'waitlisted' THEN since END,
    CASE to_status WHEN 'completed' THEN since END,
    CASE to_status WHEN 'dropped' THEN since END,
    passed, grade,
    :at, since, :actor, :reason,
    CASE
        WHEN full_rule IS NULL OR overridden LIKE '%"' || full_rule || '"%' THEN overridden
        WHEN overridden IS NULL THEN '["' || full_rule || '"]'
        ELSE '["' || full_rule || '",' || substr(overridden, 2)
    END,
    :place_of, instead_of
FROM (
    SELECT event.course_id, event.to_status, event.passed, event.grade, event.overridden, event.instead_of,
        CASE WHEN event.effective_at > :at THEN :at ELSE event.effective_at END AS since,
        CASE
            WHEN event.to_status = 'enrolled' AND seat.capacity <= seat.enrolled THEN 'course_full'
            WHEN event.to_status = 'waitlisted' AND course.waitlist_capacity <= seat.waitlisted THEN 'waitlist_full'
        END AS full_rule
    FROM student_course_event AS event
    JOIN course ON course.id = event.course_id
    JOIN course_seat AS seat ON seat.course_id = event.course_id
    WHERE event.id = :event_id
) AS moved
WHERE true
ON CONFLICT (student_id, course_id) DO UPDATE
SET status = excluded.status,
    enrolled_at = coalesce(excluded.enrolled_at, student_course.enrolled_at),
    waitlisted_at = coalesce(excluded.waitlisted_at, student_course.waitlisted_at),
    completed_at = coalesce(excluded.completed_at, student_course.completed_at),
    dropped_at = coalesce(excluded.dropped_at, student_course.dropped_at),
    passed = coalesce(excluded.passed, student_course.passed),
    grade = CASE WHEN excluded.passed IS NULL THEN student_course.grade ELSE excluded.grade END,
    changed_at = excluded.changed_at,
    effective_at = excluded.effective_at,
    changed_by = excluded.changed_by,
    change_reason = excluded.change_reason,
    overridden = excluded.overridden,
    place_of = excluded.place_of,
    instead_of = coalesce(excluded.instead_of, student_course.instead_of),
    version = student_course.version + 1;

-- name: list_swaps(student_id, into_id)
-- What does each of these students give up for a seat in the courses for which the student waits?
SELECT course_id, instead_of
FROM swap
WHERE student_id IN (:student_id, :into_id);

-- name: update_swaps_kept(swaps, into_id, at, actor, reason)!
-- Let the student who stays wait with the swap of either record, if the place on the waitlist has none and the student is
-- in the other course. swaps is a JSON array of [course_id, instead_of].
UPDATE student_course
SET instead_of = kept.instead_of,
    changed_at = :at,
    effective_at = NULL,
    changed_by = :actor,
    change_reason = :reason,
    overridden = NULL,
    version = version + 1
FROM (
    SELECT waiting.course_id, min(other.course_id) AS instead_of
    FROM json_each(:swaps) AS listed
    CROSS JOIN student_course AS waiting
    CROSS JOIN student_course AS other
    WHERE waiting.student_id = :into_id
        AND waiting.course_id = CAST(listed.value ->> 0 AS bigint)
        AND waiting.status = 'waitlisted'
        AND other.student_id = :into_id
        AND other.course_id = CAST(listed.value ->> 1 AS bigint)
        AND other.status = 'enrolled'
        AND NOT EXISTS (
            SELECT 1 FROM swap
            WHERE swap.student_id = :into_id AND swap.course_id = waiting.course_id
        )
    GROUP BY waiting.course_id
) AS kept
WHERE student_course.student_id = :into_id AND student_course.course_id = kept.course_id;

-- name: update_student_kept(student_id, into_id, at)!
-- Make the student into_id active if the one who is merged is active: the person is.
UPDATE student
SET status = 'active', version = version + 1, updated_at = :at
WHERE id = :into_id
    AND status <> 'active'
    AND 'active' = (SELECT status FROM student WHERE id = :student_id);

-- name: update_student_merged(student_id, at)!
-- Make the student inactive whose record was merged into another.
UPDATE student
SET status = 'inactive', version = version + 1, updated_at = :at
WHERE id = :student_id AND status <> 'inactive';

-- name: update_holds_moved(student_id, into_id)!
-- Move the holds of this student to the other one: a hold stays in force.
UPDATE hold
SET student_id = :into_id, version = version + 1
WHERE student_id = :student_id;

-- name: update_tokens_revoked(student_id, at, actor)!
-- Revoke the tokens of this student.
UPDATE token
SET revoked_at = :at, revoked_by = :actor, version = version + 1
WHERE student_id = :student_id AND revoked_at IS NULL;

-- name: update_source_records_moved(student_id, into_id)!
-- What other systems say of this student, they say of that one. An enrollment that moved began at the same time; else it
-- is the latest that the other student has in the course.
UPDATE source_record
SET student_id = :into_id,
    event_id = (
        SELECT own.id
        FROM enrollment_stretch AS own
        LEFT JOIN student_course_event AS began ON began.id = source_record.event_id
        WHERE own.student_id = :into_id AND own.course_id = source_record.course_id
        ORDER BY own.began_at = began.effective_at DESC, own.id DESC
        LIMIT 1
    )
WHERE student_id = :student_id;
