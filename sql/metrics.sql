-- name: get_seats(at)^
-- How many seats do the open courses have whose term has not ended, how many of those are taken, and how
-- many students wait? A course without a limit has no seats to count.
WITH course_now AS MATERIALIZED (
    SELECT course.id, course.capacity
    FROM term
    CROSS JOIN course ON course.term = term.code
    WHERE term.end_on >= date(:at) AND course.status = 'open'
    UNION ALL
    SELECT id, capacity
    FROM course
    WHERE term IS NULL AND status = 'open'
)

SELECT
    coalesce(sum(capacity), 0) AS capacity,
    coalesce(sum(iif(capacity IS NULL, 0, (
        SELECT count(*) FROM student_course
        WHERE course_id = course_now.id AND student_course.status = 'enrolled'
    ))), 0) AS taken,
    coalesce(sum((
        SELECT count(*) FROM student_course
        WHERE course_id = course_now.id AND student_course.status = 'waitlisted'
    )), 0) AS waitlisted
FROM course_now;

-- name: list_changes(after_id)
-- How many enrolments have gone from which status to which, after this event?
SELECT coalesce(from_status, 'none') AS from_status, to_status, count(*) AS count, max(id) AS last_id
FROM student_course_event
WHERE id > :after_id
GROUP BY from_status, to_status
ORDER BY from_status, to_status;
