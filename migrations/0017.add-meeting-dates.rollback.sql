-- Takes the dates of meetings away. Of meetings that begin at the same time of the week, one stays.

DROP VIEW meeting_conflict;

DROP VIEW meeting_day;

CREATE TEMP TABLE old_course_meeting AS
SELECT course_id, weekday, from_time, max(to_time) AS to_time, max(room) AS room
FROM course_meeting
GROUP BY course_id, weekday, from_time;

DROP TABLE course_meeting;

CREATE TABLE course_meeting (
    course_id INTEGER NOT NULL,
    weekday   INTEGER NOT NULL,
    from_time TEXT    NOT NULL,
    to_time   TEXT    NOT NULL,
    CONSTRAINT course_meeting_key PRIMARY KEY (course_id, weekday, from_time),
    CONSTRAINT course_meeting_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT course_meeting_weekday_known CHECK (weekday BETWEEN 1 AND 7),
    CONSTRAINT course_meeting_from_is_time CHECK (from_time IS strftime('%H:%M', from_time, '+0 days')),
    CONSTRAINT course_meeting_to_is_time CHECK (to_time IS strftime('%H:%M', to_time, '+0 days')),
    CONSTRAINT course_meeting_ends_after_start CHECK (from_time < to_time)
) STRICT, WITHOUT ROWID;

ALTER TABLE course_meeting ADD COLUMN room TEXT
    CONSTRAINT course_meeting_room_length CHECK (length(room) BETWEEN 1 AND 100);

INSERT INTO course_meeting (course_id, weekday, from_time, to_time, room)
SELECT course_id, weekday, from_time, to_time, room FROM old_course_meeting;

DROP TABLE old_course_meeting;

CREATE TRIGGER course_meeting_insert_leaves_a_change
AFTER INSERT ON course_meeting
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('weekday', NULL, NEW.weekday),
        ('from', NULL, NEW.from_time),
        ('to', NULL, NEW.to_time),
        ('room', NULL, NEW.room);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', NEW.course_id, (SELECT version FROM course WHERE id = NEW.course_id), 'created', 'meeting');
END;

CREATE TRIGGER course_meeting_update_leaves_two_changes
AFTER UPDATE ON course_meeting
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('weekday', OLD.weekday, NULL),
        ('from', OLD.from_time, NULL),
        ('to', OLD.to_time, NULL),
        ('room', OLD.room, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.course_id, (SELECT version FROM course WHERE id = OLD.course_id), 'deleted', 'meeting');
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('weekday', NULL, NEW.weekday),
        ('from', NULL, NEW.from_time),
        ('to', NULL, NEW.to_time),
        ('room', NULL, NEW.room);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', NEW.course_id, (SELECT version FROM course WHERE id = NEW.course_id), 'created', 'meeting');
END;

CREATE TRIGGER course_meeting_delete_leaves_a_change
AFTER DELETE ON course_meeting
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('weekday', OLD.weekday, NULL),
        ('from', OLD.from_time, NULL),
        ('to', OLD.to_time, NULL),
        ('room', OLD.room, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.course_id, (SELECT version FROM course WHERE id = OLD.course_id), 'deleted', 'meeting');
END;

ALTER TABLE term DROP COLUMN last_day;

ALTER TABLE term DROP COLUMN first_day;
