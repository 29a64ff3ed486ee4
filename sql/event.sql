-- name: list_events(after_id, limit)
-- Which events follow this one, in the order of commits?
SELECT id, student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden
FROM student_course_event
WHERE id > :after_id
ORDER BY id
LIMIT :limit;

-- name: get_last_event_id()^
-- What is the id of the last event? 0: there is none.
SELECT coalesce(max(id), 0) AS id
FROM student_course_event;

-- name: list_events_of_enrollment(student_id, course_id, after_id, limit)
-- Which events has this student's enrollment in this course, in the order of commits?
SELECT id, student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden
FROM student_course_event
WHERE student_id = :student_id AND course_id = :course_id AND id > :after_id
ORDER BY id
LIMIT :limit;
