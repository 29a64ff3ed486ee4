-- name: get_seats(today)^
-- How many seats do open courses have whose term has not ended, how many of those are taken, and how many
-- students are waitlisted? A course without a limit has no seats to count. today is the date at the school.
WITH current_course AS MATERIALIZED (
    SELECT course.id
    FROM term
    CROSS JOIN course
    WHERE course.term = term.code AND term.end_on >= :today AND course.status = 'open'
    UNION ALL
    SELECT id
    FROM course
    WHERE term IS NULL AND status = 'open'
)

SELECT
    coalesce(sum(course_seat.capacity), 0) AS capacity,
    coalesce(sum(CASE WHEN course_seat.capacity IS NOT NULL THEN course_seat.enrolled END), 0) AS taken,
    coalesce(sum(course_seat.waitlisted), 0) AS waitlisted
FROM current_course
CROSS JOIN course_seat
WHERE course_seat.course_id = current_course.id;

-- name: list_changes(after_id)
-- How many enrollments changed from which status to which after this event?
SELECT coalesce(from_status, 'none') AS from_status, to_status, count(*) AS count, max(id) AS last_id
FROM student_course_event
WHERE id > :after_id
GROUP BY from_status, to_status
ORDER BY from_status, to_status;
