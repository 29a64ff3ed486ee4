-- name: list_courses_of_student(student_id, status, term, after_course_id, limit)
-- Which courses is or was this student in, in the order of course ids?
SELECT
    enrollment.student_id, enrollment.course_id, enrollment.status, enrollment.position,
    enrollment.enrolled_at, enrollment.waitlisted_at, enrollment.completed_at, enrollment.dropped_at,
    enrollment.passed, enrollment.grade, enrollment.instead_of, enrollment.version, course.code, course.section,
    course.label, course.title, course.term, course.credits, course.instructor,
-- include: meetings.sql
FROM enrollment
CROSS JOIN course
WHERE course.id = enrollment.course_id
    AND enrollment.student_id = :student_id
    AND enrollment.course_id > :after_course_id
    AND (:status IS NULL OR enrollment.status = :status)
    AND (:term IS NULL OR course.term = :term)
ORDER BY enrollment.course_id
LIMIT :limit;

-- name: list_courses_of_student_as_of(student_id, status, term, as_of, known_at, after_course_id, limit)
-- Which courses was this student in at as_of, by the events that were recorded until known_at and stood then?
SELECT
    past.student_id, past.course_id, past.status, NULL AS position,
    past.enrolled_at, past.waitlisted_at, past.completed_at, past.dropped_at,
    past.passed, past.grade, NULL AS instead_of, past.version, course.code, course.section, course.label,
    course.title, course.term, course.credits, course.instructor,
-- include: meetings.sql
FROM student_course
CROSS JOIN course
CROSS JOIN enrollment_version AS past
WHERE student_course.student_id = :student_id
    AND student_course.course_id > :after_course_id
    AND course.id = student_course.course_id
    AND past.event_id = (
-- include: past_event.sql
    )
    AND (:status IS NULL OR past.status = :status)
    AND (:term IS NULL OR course.term = :term)
ORDER BY student_course.course_id
LIMIT :limit;

-- name: get_courses_tag(student_id)^
-- What changes whenever something in the list of this student's courses does, on any of its pages? The positions stand
-- one by one: others move them without an event of this student, one up while another goes down.
SELECT CAST(
        coalesce((SELECT max(id) FROM student_course_event WHERE student_id = :student_id), 0) AS text
    )
    || '-' || CAST(coalesce(sum(course.version), 0) AS text)
    || '-' || coalesce(group_concat(CAST(enrollment.position AS text), '.'), '0') AS tag
FROM student
LEFT JOIN enrollment ON enrollment.student_id = student.id
LEFT JOIN course ON course.id = enrollment.course_id
WHERE student.id = :student_id
GROUP BY student.id;

-- name: list_students_of_course(course_id, status, after_status, after_queue_number, after_queue_fraction, after_student_id, limit)
-- Which students are or were in this course, grouped by status, waitlisted ones in the order of the waitlist?
-- A first page follows (status or '', -1, '', 0). 'waitlisted' is the last status in this order.
SELECT
    enrollment.student_id, enrollment.course_id, enrollment.status, enrollment.queue_number, enrollment.queue_fraction,
    enrollment.position, enrollment.enrolled_at, enrollment.waitlisted_at, enrollment.completed_at,
    enrollment.dropped_at, enrollment.passed, enrollment.grade, enrollment.instead_of, enrollment.version,
    student.number, student.given_name, student.family_name, student.email
FROM enrollment
CROSS JOIN student
WHERE student.id = enrollment.student_id
    AND enrollment.course_id = :course_id
    AND (enrollment.status, enrollment.queue_number, enrollment.queue_fraction, enrollment.student_id)
        > (:after_status, :after_queue_number, :after_queue_fraction, :after_student_id)
    AND enrollment.status <= coalesce(:status, 'waitlisted')
ORDER BY enrollment.status, enrollment.queue_number, enrollment.queue_fraction, enrollment.student_id
LIMIT :limit;

-- name: list_students_of_course_as_of(course_id, status, as_of, known_at, after_student_id, limit)
-- Which students were in this course at as_of, by the events that were recorded until known_at and stood then?
SELECT
    past.student_id, past.course_id, past.status, NULL AS position,
    past.enrolled_at, past.waitlisted_at, past.completed_at, past.dropped_at,
    past.passed, past.grade, NULL AS instead_of, past.version, student.number, student.given_name,
    student.family_name, student.email
FROM student_course
CROSS JOIN student
CROSS JOIN enrollment_version AS past
WHERE student_course.course_id = :course_id
    AND student_course.student_id > :after_student_id
    AND student.id = student_course.student_id
    AND past.event_id = (
-- include: past_event.sql
    )
    AND (:status IS NULL OR past.status = :status)
ORDER BY student_course.student_id
LIMIT :limit;

-- name: list_students_of_course_by_name(course_id, status, after_family_sort, after_given_sort, after_student_id, limit)
-- Which students are or were in this course, in the order of names?
SELECT
    enrollment.student_id, enrollment.course_id, enrollment.status, enrollment.position,
    enrollment.enrolled_at, enrollment.waitlisted_at, enrollment.completed_at,
    enrollment.dropped_at, enrollment.passed, enrollment.grade, enrollment.instead_of, enrollment.version,
    student.number, student.given_name, student.family_name, student.email, student.family_sort, student.given_sort
FROM enrollment
CROSS JOIN student
WHERE student.id = enrollment.student_id
    AND enrollment.course_id = :course_id
    AND (:status IS NULL OR enrollment.status = :status)
    AND (student.family_sort, student.given_sort, student.id)
        > (:after_family_sort, :after_given_sort, :after_student_id)
ORDER BY student.family_sort, student.given_sort, student.id
LIMIT :limit;

-- name: list_students_of_course_as_of_by_name(course_id, status, as_of, known_at, after_family_sort, after_given_sort, after_student_id, limit)
-- Which students were in this course at as_of, by the events that were recorded until known_at, in the order of names?
SELECT
    past.student_id, past.course_id, past.status, NULL AS position,
    past.enrolled_at, past.waitlisted_at, past.completed_at, past.dropped_at,
    past.passed, past.grade, NULL AS instead_of, past.version, student.number,
    student.given_name, student.family_name, student.email, student.family_sort, student.given_sort
FROM student_course
CROSS JOIN student
CROSS JOIN enrollment_version AS past
WHERE student_course.course_id = :course_id
    AND student.id = student_course.student_id
    AND past.event_id = (
-- include: past_event.sql
    )
    AND (:status IS NULL OR past.status = :status)
    AND (student.family_sort, student.given_sort, student.id)
        > (:after_family_sort, :after_given_sort, :after_student_id)
ORDER BY student.family_sort, student.given_sort, student.id
LIMIT :limit;
