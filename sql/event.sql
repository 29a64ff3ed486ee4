-- name: list_events(after_id, limit)
-- What happened after this event, in the order in which it was committed?
SELECT id, student_id, course_id, from_status, to_status, recorded_at, actor, reason, overridden
FROM student_course_event
WHERE id > :after_id
ORDER BY id
LIMIT :limit;
