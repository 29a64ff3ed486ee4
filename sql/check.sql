-- name: list_contradictions()
-- Which enrolments are not what their events say, in status or in the number of changes?
SELECT student_course.student_id, student_course.course_id
FROM student_course
WHERE student_course.status IS NOT (
        SELECT to_status FROM student_course_event AS event
        WHERE event.student_id = student_course.student_id AND event.course_id = student_course.course_id
        ORDER BY event.id DESC LIMIT 1
    )
    OR student_course.version <> (
        SELECT count(*) FROM student_course_event AS event
        WHERE event.student_id = student_course.student_id AND event.course_id = student_course.course_id
    )
UNION ALL
SELECT student_id, course_id
FROM student_course_event AS event
WHERE event.from_status IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM student_course
        WHERE student_course.student_id = event.student_id AND student_course.course_id = event.course_id
    );

-- name: list_gaps()
-- After which events is one missing?
SELECT id
FROM student_course_event AS event
WHERE NOT EXISTS (SELECT 1 FROM student_course_event AS following WHERE following.id = event.id + 1)
    AND id < (SELECT max(id) FROM student_course_event)
ORDER BY id;

-- name: get_counts()^
-- How many rows of what?
SELECT
    (SELECT count(*) FROM student) AS students,
    (SELECT count(*) FROM term) AS terms,
    (SELECT count(*) FROM course) AS courses,
    (SELECT count(*) FROM student_course) AS enrollments,
    (SELECT count(*) FROM student_course_event) AS events;

-- name: update_nothing()!
-- May the file be written to? SQLite begins a transaction of a file that may not as if it could.
UPDATE student SET version = version WHERE false;
