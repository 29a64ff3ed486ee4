-- Gives exports the name and the key of the school, and from when until when someone took a course.
-- depends: 0021.create-session

-- The ids of its records begin with the key, so that they are no other school's. It never changes: a receiver
-- knows the records again by their ids.

CREATE TABLE school (
    id   INTEGER PRIMARY KEY,
    key  TEXT    NOT NULL DEFAULT (lower(hex(randomblob(6)))),
    name TEXT    NOT NULL DEFAULT 'School',
    CONSTRAINT school_is_one CHECK (id = 1),
    CONSTRAINT school_key_form CHECK (key GLOB replace(hex(zeroblob(6)), '0', '[0-9a-f]')),
    CONSTRAINT school_name_length CHECK (length(name) BETWEEN 1 AND 200)
) STRICT;

INSERT INTO school (id) VALUES (1);

CREATE TRIGGER school_is_never_replaced
BEFORE INSERT ON school
WHEN EXISTS (SELECT 1 FROM school)
BEGIN
    SELECT RAISE(ABORT, 'there is one school, and it is never replaced');
END;

CREATE TRIGGER school_stays
BEFORE DELETE ON school
BEGIN
    SELECT RAISE(ABORT, 'the school is never deleted');
END;

CREATE TRIGGER school_keeps_its_key
BEFORE UPDATE ON school
WHEN NEW.key <> OLD.key OR NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'the school keeps its key');
END;

-- From when until when a student took a course, by the events that stand. An event that a correction supersedes
-- gives its id to it: so a stretch keeps its id. ended_at is NULL while it lasts; status says how it ended.
CREATE VIEW enrollment_stretch AS
SELECT
    first.id AS event_id,
    (
        WITH RECURSIVE origin (id) AS (
            SELECT first.id
            UNION
            SELECT coalesce(event.restores, event.corrects)
            FROM origin
            CROSS JOIN student_course_event AS event
            WHERE event.id = origin.id AND event.corrects IS NOT NULL
        )

        SELECT min(id) FROM origin
    ) AS id,
    first.student_id, first.course_id, first.effective_at AS began_at,
    coalesce(last.to_status, 'enrolled') AS status, last.effective_at AS ended_at,
    coalesce(last.recorded_at, first.recorded_at) AS updated_at
FROM enrollment_event AS first
LEFT JOIN student_course_event AS last ON last.id = (
    SELECT min(next.id) FROM enrollment_event AS next
    WHERE next.student_id = first.student_id AND next.course_id = first.course_id
        AND next.id > first.id
        AND next.superseded_by IS NULL
)
WHERE first.to_status = 'enrolled' AND first.superseded_by IS NULL;
