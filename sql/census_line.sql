-- What stands on a line of the census of the term :term_id, and how many students are enrolled in any of its courses or
-- completed one. Drops count since :start. census.sql and page.sql include it.
SELECT course.id AS course_id, course.label, course.code, course.section, course.title, course.status,
    course.capacity, course.credits,
    (SELECT count(*) FROM student_course WHERE course_id = course.id AND status = 'enrolled') AS enrolled,
    (SELECT count(*) FROM student_course WHERE course_id = course.id AND status = 'waitlisted') AS waitlisted,
    (SELECT count(*) FROM student_course WHERE course_id = course.id AND status = 'completed') AS completed,
    (
        SELECT count(*) FROM student_course
        WHERE course_id = course.id AND status = 'dropped' AND dropped_at >= :start
    ) AS dropped,
    (
        SELECT count(DISTINCT taken.student_id)
        FROM term AS same
        CROSS JOIN course AS other
        CROSS JOIN student_course AS taken
        WHERE same.id = :term_id
            AND other.term = same.code
            AND taken.course_id = other.id
            AND taken.status IN ('enrolled', 'completed')
    ) AS students
FROM term
JOIN course ON course.term = term.code
WHERE term.id = :term_id
