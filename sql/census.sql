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
-- and stood then?
SELECT course.id AS course_id, course.label, course.code, course.section, course.title,
    count(*) FILTER (WHERE past.to_status = 'enrolled') AS enrolled,
    count(*) FILTER (WHERE past.to_status = 'waitlisted') AS waitlisted,
    count(*) FILTER (WHERE past.to_status = 'completed') AS completed,
    count(*) FILTER (WHERE past.to_status = 'dropped') AS dropped
FROM term
JOIN course ON course.term = term.code
LEFT JOIN student_course ON student_course.course_id = course.id
LEFT JOIN student_course_event AS past ON past.id = (
    SELECT id FROM enrollment_event
    WHERE student_id = student_course.student_id
        AND course_id = student_course.course_id
        AND effective_at <= :as_of
        AND recorded_at <= :known_at
        AND coalesce(superseded_at > :known_at, true)
    ORDER BY id DESC LIMIT 1
)
WHERE term.id = :term_id
GROUP BY course.code, course.label, course.id
ORDER BY course.code, course.label, course.id;
