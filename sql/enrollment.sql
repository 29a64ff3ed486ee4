-- name: get_enrollment(student_id, course_id)^
-- How does this student stand in this course?
SELECT student_id, course_id, status, enrolled_at, waitlisted_at, completed_at, dropped_at, version
FROM student_course
WHERE student_id = :student_id AND course_id = :course_id;

-- name: list_courses_of_student(student_id, status, term, after_course_id, limit)
-- Which courses is or was this student in, in the order of course ids?
SELECT
    student_course.student_id, student_course.course_id, student_course.status,
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

-- name: get_courses_tag(student_id)^
-- What changes whenever something in the list of this student's courses does, on any of its pages?
SELECT format(
    '%d-%d',
    (SELECT coalesce(max(id), 0) FROM student_course_event WHERE student_id = :student_id),
    (
        SELECT coalesce(sum(course.version), 0)
        FROM student_course
        JOIN course ON course.id = student_course.course_id
        WHERE student_course.student_id = :student_id
    )
) AS tag;

-- name: list_students_of_course(course_id, status, after_status, after_student_id, limit)
-- Who is or was in this course, grouped by status? A first page follows (status or '', 0).
SELECT
    student_course.student_id, student_course.course_id, student_course.status,
    student_course.enrolled_at, student_course.waitlisted_at,
    student_course.completed_at, student_course.dropped_at, student_course.version,
    student.given_name, student.family_name
FROM student_course
CROSS JOIN student ON student.id = student_course.student_id
WHERE student_course.course_id = :course_id
    AND (student_course.status, student_course.student_id) > (:after_status, :after_student_id)
    AND student_course.status <= coalesce(:status, char(0x10FFFF))
ORDER BY student_course.status, student_course.student_id
LIMIT :limit;

-- name: insert_enrollments(student_id, course_ids, at, actor, reason, overridden)
-- Enrol the student in each of these courses, for the first time or again.
-- course_ids is a JSON array. A course that the student is in already is left as it is.
INSERT INTO student_course (
    student_id, course_id, status, enrolled_at, changed_at, changed_by, change_reason, overridden
)
SELECT :student_id, value, 'enrolled', :at, :at, :actor, :reason, :overridden
FROM json_each(:course_ids)
WHERE true
ON CONFLICT (student_id, course_id) DO UPDATE
SET status = excluded.status,
    enrolled_at = excluded.enrolled_at,
    changed_at = excluded.changed_at,
    changed_by = excluded.changed_by,
    change_reason = excluded.change_reason,
    overridden = excluded.overridden,
    version = version + 1
WHERE status <> 'enrolled'
RETURNING student_id, course_id, status, enrolled_at, waitlisted_at, completed_at, dropped_at, version;

-- name: update_enrollment(student_id, course_id, status, at, actor, reason)^
-- End the student's enrolment in this course: completed or dropped. No row: there is none to end.
UPDATE student_course
SET status = :status,
    completed_at = iif(:status = 'completed', :at, completed_at),
    dropped_at = iif(:status = 'dropped', :at, dropped_at),
    changed_at = :at,
    changed_by = :actor,
    change_reason = :reason,
    overridden = NULL,
    version = version + 1
WHERE student_id = :student_id AND course_id = :course_id AND status = 'enrolled'
RETURNING student_id, course_id, status, enrolled_at, waitlisted_at, completed_at, dropped_at, version;

-- name: update_enrollments_not_wanted(student_id, course_ids, at, actor, reason)
-- Drop the student from every course that is not among these. course_ids is a JSON array.
UPDATE student_course
SET status = 'dropped',
    dropped_at = :at,
    changed_at = :at,
    changed_by = :actor,
    change_reason = :reason,
    overridden = NULL,
    version = version + 1
WHERE student_id = :student_id
    AND status = 'enrolled'
    AND course_id NOT IN (SELECT value FROM json_each(:course_ids))
RETURNING course_id;
