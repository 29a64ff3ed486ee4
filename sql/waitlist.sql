-- name: list_promotable_courses(course_ids, student_ids)
-- Which of these courses, and of those for which these students wait, have seats for those who wait, and
-- give them by themselves? Both lists are JSON arrays.
SELECT DISTINCT course.id
FROM (
    SELECT value AS id FROM json_each(:course_ids)
    UNION ALL
    SELECT course_id
    FROM json_each(:student_ids)
    CROSS JOIN student_course ON student_id = value AND status = 'waitlisted'
) AS named
CROSS JOIN course ON course.id = named.id
WHERE course.promotion = 'automatic'
    AND EXISTS (
        SELECT 1 FROM student_course WHERE course_id = course.id AND status = 'waitlisted'
    )
    AND (
        course.capacity IS NULL
        OR course.capacity > (
            SELECT count(*) FROM student_course WHERE course_id = course.id AND status = 'enrolled'
        )
    )
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
    format(
        'No seat of %s is free: %d of %d are taken.',
        course.code, count(student_course.student_id), course.capacity
    ),
    json_object(
        'course', course.code,
        'capacity', course.capacity,
        'enrolled', count(student_course.student_id)
    )
FROM course
LEFT JOIN student_course
    ON student_course.course_id = course.id AND student_course.status = 'enrolled'
WHERE course.id = :course_id
GROUP BY course.id
HAVING count(student_course.student_id) >= course.capacity;

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
