-- name: list_census(term_id)
-- How many students of each course of this term have each status?
SELECT course.id AS course_id, course.label, course.code, course.section, course.title,
    count(*) FILTER (WHERE student_course.status = 'enrolled') AS enrolled,
    count(*) FILTER (WHERE student_course.status = 'waitlisted') AS waitlisted,
    count(*) FILTER (WHERE student_course.status = 'completed') AS completed,
    count(*) FILTER (WHERE student_course.status = 'dropped') AS dropped
FROM term
JOIN course ON course.term = term.code
LEFT JOIN student_course ON student_course.course_id = course.id
WHERE term.id = :term_id
GROUP BY course.code, course.label, course.id
ORDER BY course.code, course.label, course.id;

-- name: list_census_as_of(term_id, as_of, known_at)
-- How many students of each course had each status at as_of, by the events that were recorded until known_at
-- and stood then? A course that was added later is left out.
-- include: past.sql
SELECT course.id AS course_id, course.label, course.code, course.section, course.title,
    coalesce(counted.enrolled, 0) AS enrolled,
    coalesce(counted.waitlisted, 0) AS waitlisted,
    coalesce(counted.completed, 0) AS completed,
    coalesce(counted.dropped, 0) AS dropped
FROM term
JOIN course ON course.term = term.code
LEFT JOIN (
    SELECT course_id,
        count(*) FILTER (WHERE to_status = 'enrolled') AS enrolled,
        count(*) FILTER (WHERE to_status = 'waitlisted') AS waitlisted,
        count(*) FILTER (WHERE to_status = 'completed') AS completed,
        count(*) FILTER (WHERE to_status = 'dropped') AS dropped
    FROM past
    GROUP BY course_id
) AS counted ON counted.course_id = course.id
WHERE term.id = :term_id
-- include: known_course.sql
ORDER BY course.code, course.label, course.id;

-- name: list_census_lines(term_id, start)
-- What does the page of a census show of each course of this term: how many students take it, wait for it, completed it
-- and dropped it since this time, and the credits of those who take it or completed it together? And how many students
-- are enrolled in any of them, or completed one?
SELECT course_id, label, code, section, title, credits * (enrolled + completed) AS credits,
    enrolled, waitlisted, completed, dropped, students
FROM (
-- include: census_line.sql
) AS line
ORDER BY code, label, course_id;

-- name: list_census_lines_as_of(term_id, start, as_of, known_at)
-- The same at as_of, by what was recorded until known_at: also the credits are those that the course had then.
-- include: past.sql
SELECT course.id AS course_id, course.label, course.code, course.section, course.title,
    coalesce(counted.enrolled + counted.completed, 0) * coalesce(
        (
            SELECT CAST(change.before ->> 'credits' AS double precision) FROM record_change AS change
            WHERE change.subject_id = course.id
                AND coalesce(change.subject, '') = 'course'
                AND change.recorded_at > :known_at
                AND change.before ->> 'credits' IS NOT NULL
            ORDER BY change.id LIMIT 1
        ),
        course.credits
    ) AS credits,
    coalesce(counted.enrolled, 0) AS enrolled,
    coalesce(counted.waitlisted, 0) AS waitlisted,
    coalesce(counted.completed, 0) AS completed,
    coalesce(counted.dropped, 0) AS dropped,
    (
        SELECT count(DISTINCT CASE WHEN to_status IN ('enrolled', 'completed') THEN student_id END) FROM past
    ) AS students
FROM term
JOIN course ON course.term = term.code
LEFT JOIN (
    SELECT course_id,
        count(*) FILTER (WHERE to_status = 'enrolled') AS enrolled,
        count(*) FILTER (WHERE to_status = 'waitlisted') AS waitlisted,
        count(*) FILTER (WHERE to_status = 'completed') AS completed,
        count(*) FILTER (WHERE to_status = 'dropped' AND effective_at >= :start) AS dropped
    FROM past
    GROUP BY course_id
) AS counted ON counted.course_id = course.id
WHERE term.id = :term_id
-- include: known_course.sql
ORDER BY course.code, course.label, course.id;
