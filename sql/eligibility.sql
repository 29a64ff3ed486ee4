-- name: list_broken_enrollment_rules(student_id, course_ids, kept, pointer)
-- Every rule that enrolling this student in these courses would break; no row: all is well.
-- course_ids is a JSON array. kept: 1 where a course that the student is in already is simply kept,
-- 0 where that is a mistake. pointer says where in the request the i-th course stands: %d becomes i.
--
-- `fact` gathers what the rules look at, one row for each wanted course. A rule is one branch of the
-- UNION in `broken`: its place in the answer, its code, a sentence, its figures, and when it is broken.
-- To add one, add a branch, and describe its code in enrollment/errors.py.
WITH fact AS MATERIALIZED (
    SELECT
        wanted.key AS item,
        wanted.value AS course_id,
        row_number() OVER (PARTITION BY wanted.value ORDER BY wanted.key) AS mention,
        student.status AS student_status,
        course.code AS course,
        course.status AS course_status,
        course.capacity,
        (
            SELECT count(*) FROM student_course AS seat
            WHERE seat.course_id = course.id AND seat.status = 'enrolled'
        ) AS enrolled,
        present.status AS present_status
    FROM json_each(:course_ids) AS wanted
    JOIN student ON student.id = :student_id
    LEFT JOIN course ON course.id = wanted.value
    LEFT JOIN student_course AS present
        ON present.student_id = student.id AND present.course_id = course.id
),

broken AS (
    SELECT item, 1 AS place, 'duplicate_course' AS code,
        format('Course %d is named before.', course_id) AS detail,
        json_object('course_id', course_id) AS details
    FROM fact
    WHERE mention > 1

    UNION ALL
    SELECT item, 2, 'unknown_course',
        format('There is no course %d.', course_id),
        json_object('course_id', course_id)
    FROM fact
    WHERE course IS NULL

    UNION ALL
    SELECT item, 3, 'already_enrolled',
        format('The student is enrolled in %s already.', course),
        json_object('course', course)
    FROM fact
    WHERE present_status = 'enrolled' AND NOT :kept

    UNION ALL
    SELECT item, 4, 'already_completed',
        format('The student has completed %s.', course),
        json_object('course', course)
    FROM fact
    WHERE present_status = 'completed'

    UNION ALL
    SELECT item, 5, 'student_inactive',
        format('Student %d is %s.', :student_id, student_status),
        json_object('student_id', :student_id, 'status', student_status)
    FROM fact
    WHERE student_status <> 'active' AND present_status IS NOT 'enrolled'

    UNION ALL
    SELECT item, 6, 'course_not_open',
        format('%s is %s.', course, course_status),
        json_object('course', course, 'status', course_status)
    FROM fact
    WHERE course_status <> 'open' AND present_status IS NOT 'enrolled'

    UNION ALL
    SELECT item, 7, 'course_full',
        format('No seat of %s is free: %d of %d are taken.', course, enrolled, capacity),
        json_object('course', course, 'capacity', capacity, 'enrolled', enrolled)
    FROM fact
    WHERE enrolled >= capacity AND present_status IS NOT 'enrolled'
)

SELECT format(:pointer, item) AS pointer, code, detail, details
FROM broken
ORDER BY item, place;
