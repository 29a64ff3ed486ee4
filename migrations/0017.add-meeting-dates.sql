-- A meeting can have dates of its own and be every second week; and courses conflict only on days on which both meet.
-- depends: 0016.add-corrections

-- Days as numbers since 1970-01-01, to count with.
ALTER TABLE term ADD COLUMN first_day INTEGER
    GENERATED ALWAYS AS (CAST(julianday(start_on) - 2440587.5 AS INTEGER)) VIRTUAL;

ALTER TABLE term ADD COLUMN last_day INTEGER
    GENERATED ALWAYS AS (CAST(julianday(end_on) - 2440587.5 AS INTEGER)) VIRTUAL;

-- The key of the old table allows one meeting at a time of the week, whatever its dates: so the table is made again.
CREATE TEMP TABLE old_course_meeting AS
SELECT course_id, weekday, from_time, to_time, room FROM course_meeting;

DROP TABLE course_meeting;

CREATE TABLE course_meeting (
    course_id INTEGER NOT NULL,
    weekday   INTEGER NOT NULL,
    from_time TEXT    NOT NULL,
    to_time   TEXT    NOT NULL,
    room      TEXT,
    start_on  TEXT,
    end_on    TEXT,
    every     INTEGER NOT NULL DEFAULT 1,
    first_day INTEGER GENERATED ALWAYS AS (CAST(julianday(start_on) - 2440587.5 AS INTEGER)) VIRTUAL,
    last_day  INTEGER GENERATED ALWAYS AS (CAST(julianday(end_on) - 2440587.5 AS INTEGER)) VIRTUAL,
    CONSTRAINT course_meeting_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT course_meeting_weekday_known CHECK (weekday BETWEEN 1 AND 7),
    CONSTRAINT course_meeting_from_is_time CHECK (from_time IS strftime('%H:%M', from_time, '+0 days')),
    CONSTRAINT course_meeting_to_is_time CHECK (to_time IS strftime('%H:%M', to_time, '+0 days')),
    CONSTRAINT course_meeting_ends_after_start CHECK (from_time < to_time),
    CONSTRAINT course_meeting_room_length CHECK (length(room) BETWEEN 1 AND 100),
    CONSTRAINT course_meeting_start_on_is_date CHECK (start_on IS date(start_on, '+0 days')),
    CONSTRAINT course_meeting_end_on_is_date CHECK (end_on IS date(end_on, '+0 days')),
    CONSTRAINT course_meeting_dates_run_forward CHECK (start_on <= end_on),
    CONSTRAINT course_meeting_every_known CHECK (every IN (1, 2))
) STRICT;

INSERT INTO course_meeting (course_id, weekday, from_time, to_time, room)
SELECT course_id, weekday, from_time, to_time, room FROM old_course_meeting
ORDER BY course_id, weekday, from_time;

CREATE UNIQUE INDEX course_meeting_key
ON course_meeting (course_id, weekday, from_time, coalesce(start_on, ''));

DROP TABLE old_course_meeting;

CREATE TRIGGER course_meeting_insert_leaves_a_change
AFTER INSERT ON course_meeting
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('weekday', NULL, NEW.weekday),
        ('from', NULL, NEW.from_time),
        ('to', NULL, NEW.to_time),
        ('room', NULL, NEW.room),
        ('start_on', NULL, NEW.start_on),
        ('end_on', NULL, NEW.end_on),
        ('every', NULL, NEW.every);
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
        ('room', OLD.room, NULL),
        ('start_on', OLD.start_on, NULL),
        ('end_on', OLD.end_on, NULL),
        ('every', OLD.every, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.course_id, (SELECT version FROM course WHERE id = OLD.course_id), 'deleted', 'meeting');
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('weekday', NULL, NEW.weekday),
        ('from', NULL, NEW.from_time),
        ('to', NULL, NEW.to_time),
        ('room', NULL, NEW.room),
        ('start_on', NULL, NEW.start_on),
        ('end_on', NULL, NEW.end_on),
        ('every', NULL, NEW.every);
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
        ('room', OLD.room, NULL),
        ('start_on', OLD.start_on, NULL),
        ('end_on', OLD.end_on, NULL),
        ('every', OLD.every, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.course_id, (SELECT version FROM course WHERE id = OLD.course_id), 'deleted', 'meeting');
END;

-- The days of each meeting: the first one, the last day on which it can be, and the days from one to the next. Its own
-- dates come before those of the term. Without either, first_day and last_day are NULL: any day of its weekday.
-- 1970-01-01 was a Thursday, the fourth day of the week.
CREATE VIEW meeting_day AS
SELECT
    meeting.course_id,
    meeting.weekday,
    meeting.from_time,
    meeting.to_time,
    7 * meeting.every AS step,
    coalesce(meeting.first_day, term.first_day)
        + ((meeting.weekday - 4 - coalesce(meeting.first_day, term.first_day)) % 7 + 7) % 7 AS first_day,
    coalesce(meeting.last_day, term.last_day) AS last_day
FROM course_meeting AS meeting
JOIN course ON course.id = meeting.course_id
LEFT JOIN term ON term.code = course.term;

-- Two meetings that are at the same time on some day. Where first_day of one is unknown, it is that of the other.
CREATE VIEW meeting_conflict AS
SELECT own.course_id, other.course_id AS other_course_id, own.weekday, own.from_time, own.to_time
FROM meeting_day AS own
CROSS JOIN meeting_day AS other
WHERE other.weekday = own.weekday
    AND other.from_time < own.to_time
    AND other.to_time > own.from_time
    -- Both are every second week, and in different weeks.
    AND NOT (own.step = 14 AND other.step = 14 AND coalesce((own.first_day - other.first_day) % 14 <> 0, false))
    -- The first day on or after the start of both that suits the one of every second week is not after either end.
    AND coalesce(
        CASE
            WHEN own.first_day >= other.first_day THEN
                own.first_day
                    + CASE WHEN own.step = 7 AND other.step = 14
                        THEN ((other.first_day - own.first_day) % 14 + 14) % 14 ELSE 0 END
            WHEN other.first_day > own.first_day THEN
                other.first_day
                    + CASE WHEN other.step = 7 AND own.step = 14
                        THEN ((own.first_day - other.first_day) % 14 + 14) % 14 ELSE 0 END
            ELSE coalesce(own.first_day, other.first_day)
        END <= CASE
            WHEN own.last_day <= other.last_day THEN own.last_day
            ELSE coalesce(other.last_day, own.last_day)
        END,
        true
    );
