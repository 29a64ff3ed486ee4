-- name: list_courses_of_student(student_id, status, term, after_course_id, limit)
-- Which courses is or was this student in, in the order of course ids?
SELECT
    student_course.student_id, student_course.course_id, student_course.status,
    iif(
        student_course.status = 'waitlisted',
        (
            SELECT count(*) FROM student_course AS ahead
            WHERE ahead.course_id = student_course.course_id
                AND ahead.status = 'waitlisted'
                AND ahead.queue_number <= student_course.queue_number
        ),
        NULL
    ) AS position,
    student_course.enrolled_at, student_course.waitlisted_at,
    student_course.completed_at, student_course.dropped_at, student_course.version,
    course.code, course.title
FROM student_course
CROSS JOIN course ON course.id = student_course.course_id
WHERE student_course.student_id = :student_id
    AND student_course.course_id > :after_course_id
    AND (:status IS NULL OR student_course.status = :status)
    AND (:term IS NULL OR course.term = :term)
ORDER BY student_course.course_id
LIMIT :limit;

-- name: list_courses_of_student_as_of(student_id, status, term, as_of, known_at, after_course_id, limit)
-- The same as it was at a moment, by what was recorded until another: from the events alone.
SELECT
    student_course.student_id, student_course.course_id, last.to_status AS status, NULL AS position,
    max(iif(event.to_status = 'enrolled' AND event.from_status IS NOT 'enrolled', event.effective_at, NULL))
        AS enrolled_at,
    max(iif(event.to_status = 'waitlisted' AND event.from_status IS NOT 'waitlisted', event.effective_at, NULL))
        AS waitlisted_at,
    max(iif(event.to_status = 'completed' AND event.from_status IS NOT 'completed', event.effective_at, NULL))
        AS completed_at,
    max(iif(event.to_status = 'dropped' AND event.from_status IS NOT 'dropped', event.effective_at, NULL))
        AS dropped_at,
    count(*) AS version,
    course.code, course.title
FROM student_course
CROSS JOIN course ON course.id = student_course.course_id
CROSS JOIN student_course_event AS last ON last.id = (
    SELECT id FROM student_course_event
    WHERE student_id = student_course.student_id
        AND course_id = student_course.course_id
        AND effective_at <= :as_of
        AND recorded_at <= :known_at
    ORDER BY id DESC LIMIT 1
)
CROSS JOIN student_course_event AS event
    ON event.student_id = last.student_id
    AND event.course_id = last.course_id
    AND event.id <= last.id
WHERE student_course.student_id = :student_id
    AND student_course.course_id > :after_course_id
    AND (:status IS NULL OR last.to_status = :status)
    AND (:term IS NULL OR course.term = :term)
GROUP BY student_course.student_id, student_course.course_id
ORDER BY student_course.student_id, student_course.course_id
LIMIT :limit;

-- name: get_courses_tag(student_id)^
-- What changes whenever something in the list of this student's courses does, on any of its pages?
SELECT format(
    '%d-%d-%d',
    (SELECT max(id) FROM student_course_event WHERE student_id = :student_id),
    sum(course.version),
    sum(
        iif(
            mine.status = 'waitlisted',
            (
                SELECT count(*) FROM student_course AS ahead
                WHERE ahead.course_id = mine.course_id
                    AND ahead.status = 'waitlisted'
                    AND ahead.queue_number <= mine.queue_number
            ),
            0
        )
    )
) AS tag
FROM student
LEFT JOIN student_course AS mine ON mine.student_id = student.id
LEFT JOIN course ON course.id = mine.course_id
WHERE student.id = :student_id
GROUP BY student.id;

-- name: list_students_of_course(course_id, status, after_status, after_queue_number, after_student_id, limit)
-- Who is or was in this course, grouped by status, a waitlist in its order?
-- A first page follows (status or '', -1, 0).
SELECT
    student_course.student_id, student_course.course_id, student_course.status,
    student_course.queue_number,
    iif(
        student_course.status = 'waitlisted',
        (
            SELECT count(*) FROM student_course AS ahead
            WHERE ahead.course_id = student_course.course_id
                AND ahead.status = 'waitlisted'
                AND ahead.queue_number <= student_course.queue_number
        ),
        NULL
    ) AS position,
    student_course.enrolled_at, student_course.waitlisted_at,
    student_course.completed_at, student_course.dropped_at, student_course.version,
    student.given_name, student.family_name
FROM student_course
CROSS JOIN student ON student.id = student_course.student_id
WHERE student_course.course_id = :course_id
    AND (student_course.status, student_course.queue_number, student_course.student_id)
        > (:after_status, :after_queue_number, :after_student_id)
    AND student_course.status <= coalesce(:status, char(0x10FFFF))
ORDER BY student_course.status, student_course.queue_number, student_course.student_id
LIMIT :limit;

-- name: list_students_of_course_as_of(course_id, status, as_of, known_at, after_student_id, limit)
-- The same as it was at a moment, by what was recorded until another, in the order of student ids.
SELECT
    student_course.student_id, student_course.course_id, last.to_status AS status, NULL AS position,
    max(iif(event.to_status = 'enrolled' AND event.from_status IS NOT 'enrolled', event.effective_at, NULL))
        AS enrolled_at,
    max(iif(event.to_status = 'waitlisted' AND event.from_status IS NOT 'waitlisted', event.effective_at, NULL))
        AS waitlisted_at,
    max(iif(event.to_status = 'completed' AND event.from_status IS NOT 'completed', event.effective_at, NULL))
        AS completed_at,
    max(iif(event.to_status = 'dropped' AND event.from_status IS NOT 'dropped', event.effective_at, NULL))
        AS dropped_at,
    count(*) AS version,
    student.given_name, student.family_name
FROM student_course
CROSS JOIN student ON student.id = student_course.student_id
CROSS JOIN student_course_event AS last ON last.id = (
    SELECT id FROM student_course_event
    WHERE student_id = student_course.student_id
        AND course_id = student_course.course_id
        AND effective_at <= :as_of
        AND recorded_at <= :known_at
    ORDER BY id DESC LIMIT 1
)
CROSS JOIN student_course_event AS event
    ON event.student_id = last.student_id
    AND event.course_id = last.course_id
    AND event.id <= last.id
WHERE student_course.course_id = :course_id
    AND student_course.student_id > :after_student_id
    AND (:status IS NULL OR last.to_status = :status)
GROUP BY student_course.course_id, student_course.student_id
ORDER BY student_course.course_id, student_course.student_id
LIMIT :limit;
