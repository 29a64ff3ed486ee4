-- name: list_promotable_courses(course_ids, student_ids, members_of)
-- Which of these courses promote automatically and have waitlisted students and free seats: the listed ones, and
-- those on whose waitlist the listed students or the students of the courses members_of are? The lists are JSON.
SELECT DISTINCT course.id
FROM (
    SELECT CAST(value AS bigint) AS id FROM json_each(:course_ids)
    UNION ALL
    SELECT student_course.course_id
    FROM json_each(:student_ids) AS wanted
    CROSS JOIN student_course
    WHERE student_course.student_id = CAST(wanted.value AS bigint) AND student_course.status = 'waitlisted'
    UNION ALL
    SELECT student_course.course_id
    FROM json_each(:members_of) AS wanted
    CROSS JOIN student_course AS member
    CROSS JOIN student_course
    WHERE member.course_id = CAST(wanted.value AS bigint)
        AND student_course.student_id = member.student_id
        AND student_course.status = 'waitlisted'
) AS named
CROSS JOIN course
CROSS JOIN course_seat
WHERE course.id = named.id
    AND course_seat.course_id = course.id
-- include: promotable.sql
ORDER BY course.id;

-- name: list_opened_courses(now)
-- Which courses promote automatically, have waitlisted students and free seats, and have opened, to all or earlier to a
-- group of a waitlisted student, while nothing happened in them since? A move on the waitlist, which alone has a
-- place, gives no seat, and so does not count.
SELECT course.id
FROM course
LEFT JOIN term ON term.code = course.term
CROSS JOIN course_seat
CROSS JOIN (SELECT CAST(:now AS text) AS now) AS clock
WHERE course_seat.course_id = course.id
-- include: promotable.sql
    AND (
        SELECT event.recorded_at FROM student_course_event AS event
        WHERE event.course_id = course.id AND event.queue_number IS NULL
        ORDER BY event.id DESC LIMIT 1
    ) < (
        SELECT max(opened_at)
        FROM (
            SELECT coalesce(course.enroll_from, term.enroll_from) AS opened_at
            UNION ALL
            SELECT early.enroll_from
            FROM student_course
            CROSS JOIN early_admission AS early
            WHERE student_course.course_id = course.id
                AND student_course.status = 'waitlisted'
                AND early.course_id = course.id
                AND early.student_id = student_course.student_id
        ) AS opening
        WHERE opened_at <= clock.now
    )
ORDER BY course.id;

-- name: list_waitlisted(course_id, after_queue_number, after_queue_fraction, limit)
-- Which students are on the waitlist of this course, in its order, and what do they give up for a seat?
SELECT student_id, queue_number, queue_fraction,
    (
        SELECT instead_of FROM swap
        WHERE swap.student_id = student_course.student_id AND swap.course_id = student_course.course_id
    ) AS instead_of
FROM student_course
WHERE course_id = :course_id
    AND status = 'waitlisted'
    AND (queue_number, queue_fraction) > (:after_queue_number, :after_queue_fraction)
ORDER BY queue_number, queue_fraction
LIMIT :limit;

-- name: get_swap(student_id, course_id)^
-- What does this student give up for a seat in this course?
SELECT instead_of FROM swap
WHERE student_id = :student_id AND course_id = :course_id;

-- name: list_broken_promotion_rules(course_id, student_id, overridden)
-- Which rules would a registrar break who promotes from this waitlist, or this student if one is named?
SELECT '' AS pointer, 'promotion_automatic' AS code,
    label || ' gives free seats to waitlisted students automatically.' AS detail,
    json_object('course', label) AS details
FROM course
WHERE id = :course_id AND promotion = 'automatic'
UNION ALL
SELECT '/student_id', 'not_waitlisted',
    'The student does not wait for ' || label || '.',
    json_object('student_id', :student_id, 'course', label)
FROM course
WHERE id = :course_id
    AND :student_id IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM student_course
        WHERE student_id = :student_id AND course_id = :course_id AND status = 'waitlisted'
    )
UNION ALL
SELECT '', 'course_full',
-- include: course_full.sql
FROM course
JOIN course_seat ON course_seat.course_id = course.id
WHERE course.id = :course_id
    AND course_seat.enrolled >= course.capacity
    AND coalesce(:overridden, '') NOT LIKE '%"course_full"%'
ORDER BY code DESC;

-- name: update_skipped(course_id, skipped, at, actor)!
-- Record for each skipped student why, unless that was the last change already; they keep their place.
-- skipped is a JSON array of [student_id, reason].
UPDATE student_course
SET changed_at = :at,
    effective_at = NULL,
    changed_by = :actor,
    change_reason = (
        SELECT value ->> 1 FROM json_each(:skipped) WHERE CAST(value ->> 0 AS bigint) = student_id
    ),
    overridden = NULL,
    version = version + 1
WHERE (student_id, course_id) IN (SELECT CAST(value ->> 0 AS bigint), :course_id FROM json_each(:skipped))
    AND status = 'waitlisted'
    AND change_reason IS DISTINCT FROM (
        SELECT value ->> 1 FROM json_each(:skipped) WHERE CAST(value ->> 0 AS bigint) = student_id
    );

-- name: list_broken_move_rules(course_id, student_id, position)
-- Which rules would it break to move this student to this position on the waitlist?
SELECT '' AS pointer, 'not_waitlisted' AS code,
    'The student does not wait for ' || label || '.' AS detail,
    json_object('student_id', :student_id, 'course', label) AS details
FROM course
WHERE id = :course_id
    AND NOT EXISTS (
        SELECT 1 FROM student_course
        WHERE student_id = :student_id AND course_id = :course_id AND status = 'waitlisted'
    )
UNION ALL
SELECT '/position', 'no_such_position',
    'The waitlist of ' || course.label || ' has no position ' || CAST(:position AS text) || ': it ends at '
        || CAST(course_seat.waitlisted AS text) || '.',
    json_object('course', course.label, 'waitlisted', course_seat.waitlisted)
FROM course
JOIN course_seat ON course_seat.course_id = course.id
WHERE course.id = :course_id
    AND course_seat.waitlisted < :position
    AND course_seat.waitlisted > 0
ORDER BY pointer;

-- name: get_gap(course_id, student_id, position)^
-- Behind which place is this position of the waitlist once this student has left it, and in front of which one?
-- The place behind which it is, is the last before that of the student who will be next: of all that were ever
-- given in the course, since a correction can give one of them back. next_fraction is NULL unless both places
-- have one number.
WITH other AS MATERIALIZED (
    SELECT queue_number, queue_fraction, row_number() OVER (ORDER BY queue_number, queue_fraction) AS position
    FROM student_course
    WHERE course_id = :course_id AND status = 'waitlisted' AND student_id <> :student_id
),

next AS (
    SELECT queue_number, queue_fraction FROM other
    WHERE position = :position
),

given AS (
    SELECT coalesce(queue_number, place_of, id) AS queue_number, coalesce(queue_fraction, '') AS queue_fraction
    FROM student_course_event
    WHERE course_id = :course_id
        AND to_status = 'waitlisted'
        AND (from_status IS DISTINCT FROM 'waitlisted' OR queue_number IS NOT NULL)
)

SELECT given.queue_number, given.queue_fraction,
    CASE WHEN next.queue_number = given.queue_number THEN next.queue_fraction END AS next_fraction
FROM (
    SELECT queue_number, queue_fraction FROM given
    UNION ALL
    SELECT 0, ''
) AS given
LEFT JOIN next ON true
WHERE coalesce((given.queue_number, given.queue_fraction) < (next.queue_number, next.queue_fraction), true)
ORDER BY given.queue_number DESC, given.queue_fraction DESC
LIMIT 1;

-- name: update_place(student_id, course_id, queue_number, queue_fraction, at, actor, reason)!
-- Move this student to this place on the waitlist of the course.
UPDATE student_course
SET queue_number = :queue_number,
    queue_fraction = :queue_fraction,
    changed_at = :at,
    effective_at = NULL,
    changed_by = :actor,
    change_reason = :reason,
    overridden = NULL,
    version = version + 1
WHERE student_id = :student_id AND course_id = :course_id;
