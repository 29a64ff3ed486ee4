-- The last event of each enrollment in the courses of a term at as_of, by what was recorded until known_at and stood
-- then, as `past`. census.sql includes it. It reads the events of a course together: to look up the last event of each
-- enrollment takes twice as long.
WITH last AS MATERIALIZED (
    SELECT max(event.id) AS id
    FROM term
    CROSS JOIN course
    CROSS JOIN enrollment_event AS event
    WHERE term.id = :term_id
        AND course.term = term.code
        AND event.course_id = course.id
        AND event.effective_at <= :as_of
        AND event.recorded_at <= :known_at
        AND coalesce(event.superseded_at > :known_at, true)
    GROUP BY event.course_id, event.student_id
),

past AS MATERIALIZED (
    SELECT event.course_id, event.student_id, event.to_status, event.effective_at
    FROM last
    CROSS JOIN student_course_event AS event
    WHERE event.id = last.id
)

