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

-- name: list_census_details(term_id, start)
-- What else does a census show of each course of this term: its credits, and how many students dropped it since
-- this time? And how many students are enrolled in any of them?
SELECT course.id AS course_id, course.credits, false AS added_later,
    count(dropped.student_id) AS dropped,
    (
        SELECT count(DISTINCT enrolled.student_id)
        FROM term AS same
        CROSS JOIN course AS other
        CROSS JOIN student_course AS enrolled
        WHERE same.id = :term_id
            AND other.term = same.code
            AND enrolled.course_id = other.id
            AND enrolled.status = 'enrolled'
    ) AS students
FROM term
JOIN course ON course.term = term.code
LEFT JOIN student_course AS dropped
    ON dropped.course_id = course.id AND dropped.status = 'dropped' AND dropped.dropped_at >= :start
WHERE term.id = :term_id
GROUP BY course.id
ORDER BY course.id;

-- name: list_census_details_as_of(term_id, start, as_of, known_at)
-- The same at as_of, by what was recorded until known_at: also the credits are those that the course had then, and a
-- course that was added later is marked.
WITH past AS MATERIALIZED (
    SELECT course.id AS course_id, event.student_id, event.to_status, event.effective_at
    FROM term
    CROSS JOIN course
    CROSS JOIN student_course
    CROSS JOIN student_course_event AS event
    WHERE term.id = :term_id
        AND course.term = term.code
        AND student_course.course_id = course.id
        AND event.id = (
            SELECT id FROM enrollment_event
            WHERE student_id = student_course.student_id
                AND course_id = student_course.course_id
                AND effective_at <= :as_of
                AND recorded_at <= :known_at
                AND coalesce(superseded_at > :known_at, true)
            ORDER BY id DESC LIMIT 1
        )
)

SELECT course.id AS course_id,
    coalesce(
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
    EXISTS (
        SELECT 1 FROM record_change AS change
        WHERE change.subject_id = course.id
            AND coalesce(change.subject, '') = 'course'
            AND change.part IS NULL
            AND change.before IS NULL
            AND change.recorded_at > :known_at
    ) AS added_later,
    coalesce(dropped.students, 0) AS dropped,
    (SELECT count(DISTINCT student_id) FROM past WHERE to_status = 'enrolled') AS students
FROM term
JOIN course ON course.term = term.code
LEFT JOIN (
    SELECT course_id, count(*) AS students
    FROM past
    WHERE to_status = 'dropped' AND effective_at >= :start
    GROUP BY course_id
) AS dropped ON dropped.course_id = course.id
WHERE term.id = :term_id
ORDER BY course.id;
