-- name: list_promotable_courses(course_ids, student_ids)
-- Which of these courses, and of those for which these students wait, have seats for those who wait, and
-- give them by themselves? Both lists are JSON arrays.
SELECT DISTINCT course.id
FROM (
    SELECT CAST(value AS bigint) AS id FROM json_each(:course_ids)
    UNION ALL
    SELECT student_course.course_id
    FROM json_each(:student_ids) AS wanted
    CROSS JOIN student_course
    WHERE student_course.student_id = CAST(wanted.value AS bigint) AND student_course.status = 'waitlisted'
) AS named
CROSS JOIN course
CROSS JOIN course_seat
WHERE course.id = named.id
    AND course.promotion = 'automatic'
    -- The view counts the whole waitlist; here one student on it is enough.
    AND EXISTS (
        SELECT 1 FROM student_course
        WHERE student_course.course_id = course.id AND student_course.status = 'waitlisted'
    )
    AND course_seat.course_id = course.id
    AND (course_seat.capacity IS NULL OR course_seat.capacity > course_seat.enrolled)
ORDER BY course.id;

-- name: list_waiting(course_id, after_queue_number, limit)
-- Who waits for this course, first come first?
SELECT student_id, queue_number
FROM student_course
WHERE course_id = :course_id AND status = 'waitlisted' AND queue_number > :after_queue_number
ORDER BY queue_number
LIMIT :limit;

-- name: list_broken_promotion_rules(course_id)
-- What speaks against a registrar's promoting from this waitlist?
SELECT '' AS pointer, 'promotion_automatic' AS code,
    format('%s gives its seats to those who wait by itself.', code) AS detail,
    json_object('course', code) AS details
FROM course
WHERE id = :course_id AND promotion = 'automatic'
UNION ALL
SELECT '', 'course_full',
    format('No seat of %s is free: %d of %d are taken.', course.code, course_seat.enrolled, course.capacity),
    json_object('course', course.code, 'capacity', course.capacity, 'enrolled', course_seat.enrolled)
FROM course
JOIN course_seat ON course_seat.course_id = course.id
WHERE course.id = :course_id AND course_seat.enrolled >= course.capacity;

-- name: update_skipped(course_id, skipped, at, actor)!
-- Leave an event with each who waits on, and say why, unless the last one says so already.
-- skipped is a JSON array of [student_id, reason].
UPDATE student_course
SET changed_at = :at,
    effective_at = NULL,
    changed_by = :actor,
    change_reason = (
        SELECT value ->> 1 FROM json_each(:skipped) WHERE value ->> 0 = student_id
    ),
    overridden = NULL,
    version = version + 1
WHERE (student_id, course_id) IN (SELECT value ->> 0, :course_id FROM json_each(:skipped))
    AND status = 'waitlisted'
    AND change_reason IS NOT (
        SELECT value ->> 1 FROM json_each(:skipped) WHERE value ->> 0 = student_id
    );
