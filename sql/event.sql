-- name: list_events(kind, since, until, last_id, after_id, limit)
-- Which events follow this one, in the order of commits?
SELECT
-- include: event_columns.sql
FROM student_course_event
WHERE id > :after_id
-- include: within_period.sql
    AND (:kind IS NULL OR to_status = :kind)
ORDER BY id
LIMIT :limit;

-- name: get_last_event_id()^
-- What is the id of the last event? 0: there is none.
SELECT coalesce(max(id), 0) AS id
FROM student_course_event;

-- name: get_event_range(after_id, since, until)^
-- Where do the events begin that follow this one and were recorded from `since` until before `until`? And which is the
-- last of that time, wherever they begin?
-- The index of times is read only if the next one is too early or the last one too late. The least and the highest
-- id are looked for, since the ids do not follow the times where the clock was set back.
SELECT
    CASE
        WHEN next.id IS NULL OR next.recorded_at >= :since THEN next.id
        ELSE (SELECT min(id) FROM student_course_event WHERE recorded_at >= :since AND recorded_at < :until)
    END AS first_id,
    CASE
        WHEN last.recorded_at < :until THEN last.id
        ELSE (SELECT max(id) FROM student_course_event WHERE recorded_at >= :since AND recorded_at < :until)
    END AS last_id
FROM student_course_event AS last
LEFT JOIN student_course_event AS next ON next.id = (SELECT min(id) FROM student_course_event WHERE id > :after_id)
WHERE last.id = (SELECT max(id) FROM student_course_event);

-- name: list_events_of_student(student_id, course_id, actor, kind, since, until, last_id, after_id, limit)
-- Which events of this student, in this course or in all, follow this one? They are few, so they are sorted.
SELECT
-- include: event_columns.sql
FROM student_course_event
WHERE student_id = :student_id
    AND id > :after_id
-- include: within_period.sql
    AND (:course_id IS NULL OR course_id = :course_id)
    AND (:actor IS NULL OR actor = :actor)
    AND (:kind IS NULL OR to_status = :kind)
ORDER BY id
LIMIT :limit;

-- name: list_events_of_course(course_id, actor, kind, since, until, last_id, after_id, limit)
-- Which events of this course follow this one?
SELECT
-- include: event_columns.sql
FROM student_course_event
WHERE course_id = :course_id
    AND id > :after_id
-- include: within_period.sql
    AND (:actor IS NULL OR actor = :actor)
    AND (:kind IS NULL OR to_status = :kind)
ORDER BY id
LIMIT :limit;

-- name: list_events_by_actor(actor, kind, since, until, last_id, after_id, limit)
-- Which events by this actor follow this one?
SELECT
-- include: event_columns.sql
FROM student_course_event
WHERE actor = :actor
    AND id > :after_id
-- include: within_period.sql
    AND (:kind IS NULL OR to_status = :kind)
ORDER BY id
LIMIT :limit;

-- name: list_events_of_kind(kind, since, until, last_id, after_id, limit)
-- Which events of this kind follow this one? Those of the kind enrolled have no index: most events are.
SELECT
-- include: event_columns.sql
FROM student_course_event
WHERE to_status = :kind
    AND to_status <> 'enrolled'
    AND id > :after_id
-- include: within_period.sql
ORDER BY id
LIMIT :limit;
