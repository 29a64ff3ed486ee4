-- Records who changed what in students, terms, courses, holds and tokens; and finds events and open holds by index.
-- depends: 0013.add-search

-- `before` and `after` are JSON objects of the columns that differ. `before` is NULL for a record that is new,
-- `after` for one that was deleted. `part` is the part of a course that was added or removed.
CREATE TABLE record_change (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    subject     TEXT    NOT NULL,
    subject_id  INTEGER NOT NULL,
    part        TEXT,
    version     INTEGER NOT NULL,
    actor       TEXT,
    recorded_at TEXT    NOT NULL,
    before      TEXT,
    after       TEXT,
    CONSTRAINT record_change_subject_known CHECK (subject IN ('student', 'term', 'course', 'hold', 'token')),
    CONSTRAINT record_change_part_known
        CHECK (part IS NULL OR subject = 'course' AND part IN ('requirement', 'meeting')),
    CONSTRAINT record_change_version_positive CHECK (version >= 1),
    CONSTRAINT record_change_recorded_at_is_time
        CHECK (recorded_at IS strftime('%Y-%m-%dT%H:%M:%fZ', recorded_at, '+0 days')),
    CONSTRAINT record_change_changes_something CHECK (before IS NOT after),
    CONSTRAINT record_change_before_is_an_object CHECK (before LIKE '{%}'),
    CONSTRAINT record_change_after_is_an_object CHECK (after LIKE '{%}')
) STRICT;

CREATE INDEX record_change_by_record ON record_change (subject_id, id);

CREATE INDEX record_change_by_subject ON record_change (subject, id);

CREATE INDEX record_change_by_actor ON record_change (actor, id);

CREATE INDEX record_change_by_time ON record_change (recorded_at, id);

-- Who acts in the transaction that is open. The service adds the row at the start of a write and deletes it at its
-- end, so no other connection ever sees it. Raw SQL finds none: its changes have no actor.
CREATE TABLE acting (
    only_row INTEGER PRIMARY KEY,
    actor    TEXT    NOT NULL,
    at       TEXT    NOT NULL,
    CONSTRAINT acting_is_one CHECK (only_row = 1),
    CONSTRAINT acting_at_is_time CHECK (at IS strftime('%Y-%m-%dT%H:%M:%fZ', at, '+0 days'))
) STRICT;

-- The columns of the change that is being recorded. A trigger fills it, and change_to_record empties it at once.
CREATE TABLE changed_column (
    name   TEXT NOT NULL,
    before ANY,
    after  ANY
) STRICT;

-- A trigger inserts here when changed_column has the columns.
CREATE VIEW change_to_record AS
SELECT subject, subject_id, part, version, 'changed' AS kind FROM record_change;

-- JSON is put together by hand: SQLite before 3.41 refuses its JSON functions in triggers when it does not trust
-- the schema (https://www.sqlite.org/pragma.html#pragma_trusted_schema). char(92) is the backslash.
CREATE TRIGGER change_to_record_is_recorded
INSTEAD OF INSERT ON change_to_record
BEGIN
    INSERT INTO record_change (subject, subject_id, part, version, actor, recorded_at, before, after)
    SELECT NEW.subject, NEW.subject_id, NEW.part, NEW.version,
        (SELECT actor FROM acting),
        coalesce((SELECT at FROM acting), strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        CASE WHEN NEW.kind <> 'created' THEN '{' || group_concat(differing.before, ',') || '}' END,
        CASE WHEN NEW.kind <> 'deleted' THEN '{' || group_concat(differing.after, ',') || '}' END
    FROM (
        SELECT
            '"' || name || '":' || CASE typeof(before)
                WHEN 'null' THEN 'null'
                WHEN 'text' THEN '"' || replace(replace(before, char(92), char(92, 92)), '"', char(92) || '"') || '"'
                ELSE before
            END AS before,
            '"' || name || '":' || CASE typeof(after)
                WHEN 'null' THEN 'null'
                WHEN 'text' THEN '"' || replace(replace(after, char(92), char(92, 92)), '"', char(92) || '"') || '"'
                ELSE after
            END AS after
        FROM changed_column
        WHERE before IS NOT after
        ORDER BY rowid
    ) AS differing
    HAVING count(*) > 0;
    DELETE FROM changed_column;
END;

CREATE TRIGGER record_change_follows_the_last
AFTER INSERT ON record_change
WHEN NEW.id <> 1 + coalesce((SELECT id FROM record_change WHERE id <> NEW.id ORDER BY id DESC LIMIT 1), 0)
BEGIN
    SELECT RAISE(ABORT, 'changes on record are append-only');
END;

CREATE TRIGGER record_change_is_never_updated
BEFORE UPDATE ON record_change
BEGIN
    SELECT RAISE(ABORT, 'changes on record are append-only');
END;

CREATE TRIGGER record_change_is_never_deleted
BEFORE DELETE ON record_change
BEGIN
    SELECT RAISE(ABORT, 'changes on record are append-only');
END;

CREATE TRIGGER record_change_comes_from_a_change
BEFORE INSERT ON record_change
WHEN NOT EXISTS (SELECT 1 FROM changed_column) OR EXISTS (SELECT 1 FROM record_change WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'changes on record are append-only');
END;

-- The parts of a course go first: so their changes come before its own, and with its version.
CREATE TRIGGER course_delete_removes_the_parts
BEFORE DELETE ON course
BEGIN
    DELETE FROM course_requirement WHERE course_id = OLD.id;
    DELETE FROM course_meeting WHERE course_id = OLD.id;
END;

-- REPLACE deletes a row without a trigger (https://www.sqlite.org/lang_conflict.html).
CREATE TRIGGER student_is_never_replaced
BEFORE INSERT ON student
WHEN EXISTS (SELECT 1 FROM student WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a student is updated, never replaced');
END;

CREATE TRIGGER term_is_never_replaced
BEFORE INSERT ON term
WHEN EXISTS (SELECT 1 FROM term WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a term is updated, never replaced');
END;

CREATE TRIGGER course_is_never_replaced
BEFORE INSERT ON course
WHEN EXISTS (SELECT 1 FROM course WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a course is updated, never replaced');
END;

CREATE TRIGGER hold_is_never_replaced
BEFORE INSERT ON hold
WHEN EXISTS (SELECT 1 FROM hold WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a hold is updated, never replaced');
END;

CREATE TRIGGER token_is_never_replaced
BEFORE INSERT ON token
WHEN EXISTS (SELECT 1 FROM token WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a token is updated, never replaced');
END;

CREATE TRIGGER student_insert_leaves_a_change
AFTER INSERT ON student
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('number', NULL, NEW.number),
        ('given_name', NULL, NEW.given_name),
        ('family_name', NULL, NEW.family_name),
        ('email', NULL, NEW.email),
        ('status', NULL, NEW.status),
        ('max_credits', NULL, NEW.max_credits);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('student', NEW.id, NEW.version, 'created', NULL);
END;

CREATE TRIGGER student_update_leaves_a_change
AFTER UPDATE OF number, given_name, family_name, email, status, max_credits ON student
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('number', OLD.number, NEW.number),
        ('given_name', OLD.given_name, NEW.given_name),
        ('family_name', OLD.family_name, NEW.family_name),
        ('email', OLD.email, NEW.email),
        ('status', OLD.status, NEW.status),
        ('max_credits', OLD.max_credits, NEW.max_credits);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('student', NEW.id, NEW.version, 'changed', NULL);
END;

CREATE TRIGGER student_delete_leaves_a_change
AFTER DELETE ON student
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('number', OLD.number, NULL),
        ('given_name', OLD.given_name, NULL),
        ('family_name', OLD.family_name, NULL),
        ('email', OLD.email, NULL),
        ('status', OLD.status, NULL),
        ('max_credits', OLD.max_credits, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('student', OLD.id, OLD.version, 'deleted', NULL);
END;

CREATE TRIGGER term_insert_leaves_a_change
AFTER INSERT ON term
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', NULL, NEW.code),
        ('title', NULL, NEW.title),
        ('start_on', NULL, NEW.start_on),
        ('end_on', NULL, NEW.end_on),
        ('max_credits', NULL, NEW.max_credits);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('term', NEW.id, NEW.version, 'created', NULL);
END;

CREATE TRIGGER term_update_leaves_a_change
AFTER UPDATE OF code, title, start_on, end_on, max_credits ON term
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NEW.code),
        ('title', OLD.title, NEW.title),
        ('start_on', OLD.start_on, NEW.start_on),
        ('end_on', OLD.end_on, NEW.end_on),
        ('max_credits', OLD.max_credits, NEW.max_credits);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('term', NEW.id, NEW.version, 'changed', NULL);
END;

CREATE TRIGGER term_delete_leaves_a_change
AFTER DELETE ON term
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NULL),
        ('title', OLD.title, NULL),
        ('start_on', OLD.start_on, NULL),
        ('end_on', OLD.end_on, NULL),
        ('max_credits', OLD.max_credits, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('term', OLD.id, OLD.version, 'deleted', NULL);
END;

CREATE TRIGGER course_insert_leaves_a_change
AFTER INSERT ON course
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', NULL, NEW.code),
        ('section', NULL, NEW.section),
        ('title', NULL, NEW.title),
        ('instructor', NULL, NEW.instructor),
        ('term', NULL, NEW.term),
        ('credits', NULL, NEW.credits),
        ('capacity', NULL, NEW.capacity),
        ('waitlist_capacity', NULL, NEW.waitlist_capacity),
        ('promotion', NULL, NEW.promotion),
        ('enroll_from', NULL, NEW.enroll_from),
        ('enroll_until', NULL, NEW.enroll_until),
        ('status', NULL, NEW.status),
        ('repeatable', NULL, NEW.repeatable);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', NEW.id, NEW.version, 'created', NULL);
END;

CREATE TRIGGER course_update_leaves_a_change
AFTER UPDATE OF code, section, title, instructor, term, credits, capacity, waitlist_capacity, promotion,
    enroll_from, enroll_until, status, repeatable ON course
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NEW.code),
        ('section', OLD.section, NEW.section),
        ('title', OLD.title, NEW.title),
        ('instructor', OLD.instructor, NEW.instructor),
        ('term', OLD.term, NEW.term),
        ('credits', OLD.credits, NEW.credits),
        ('capacity', OLD.capacity, NEW.capacity),
        ('waitlist_capacity', OLD.waitlist_capacity, NEW.waitlist_capacity),
        ('promotion', OLD.promotion, NEW.promotion),
        ('enroll_from', OLD.enroll_from, NEW.enroll_from),
        ('enroll_until', OLD.enroll_until, NEW.enroll_until),
        ('status', OLD.status, NEW.status),
        ('repeatable', OLD.repeatable, NEW.repeatable);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    SELECT 'course', NEW.id,
        -- A new code of the term makes a new version afterwards (course_version_follows_term).
        NEW.version + (NEW.version = OLD.version AND NEW.term IS NOT OLD.term COLLATE BINARY),
        'changed', NULL;
END;

CREATE TRIGGER course_delete_leaves_a_change
AFTER DELETE ON course
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NULL),
        ('section', OLD.section, NULL),
        ('title', OLD.title, NULL),
        ('instructor', OLD.instructor, NULL),
        ('term', OLD.term, NULL),
        ('credits', OLD.credits, NULL),
        ('capacity', OLD.capacity, NULL),
        ('waitlist_capacity', OLD.waitlist_capacity, NULL),
        ('promotion', OLD.promotion, NULL),
        ('enroll_from', OLD.enroll_from, NULL),
        ('enroll_until', OLD.enroll_until, NULL),
        ('status', OLD.status, NULL),
        ('repeatable', OLD.repeatable, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.id, OLD.version, 'deleted', NULL);
END;

CREATE TRIGGER hold_insert_leaves_a_change
AFTER INSERT ON hold
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('student_id', NULL, NEW.student_id),
        ('reason', NULL, NEW.reason),
        ('placed_at', NULL, NEW.placed_at),
        ('placed_by', NULL, NEW.placed_by),
        ('released_at', NULL, NEW.released_at),
        ('released_by', NULL, NEW.released_by);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('hold', NEW.id, NEW.version, 'created', NULL);
END;

CREATE TRIGGER hold_update_leaves_a_change
AFTER UPDATE OF student_id, reason, placed_at, placed_by, released_at, released_by ON hold
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('student_id', OLD.student_id, NEW.student_id),
        ('reason', OLD.reason, NEW.reason),
        ('placed_at', OLD.placed_at, NEW.placed_at),
        ('placed_by', OLD.placed_by, NEW.placed_by),
        ('released_at', OLD.released_at, NEW.released_at),
        ('released_by', OLD.released_by, NEW.released_by);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('hold', NEW.id, NEW.version, 'changed', NULL);
END;

CREATE TRIGGER hold_delete_leaves_a_change
AFTER DELETE ON hold
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('student_id', OLD.student_id, NULL),
        ('reason', OLD.reason, NULL),
        ('placed_at', OLD.placed_at, NULL),
        ('placed_by', OLD.placed_by, NULL),
        ('released_at', OLD.released_at, NULL),
        ('released_by', OLD.released_by, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('hold', OLD.id, OLD.version, 'deleted', NULL);
END;

CREATE TRIGGER token_insert_leaves_a_change
AFTER INSERT ON token
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('name', NULL, NEW.name),
        ('role', NULL, NEW.role),
        ('student_id', NULL, NEW.student_id),
        ('created_at', NULL, NEW.created_at),
        ('created_by', NULL, NEW.created_by),
        ('expires_at', NULL, NEW.expires_at),
        ('revoked_at', NULL, NEW.revoked_at),
        ('revoked_by', NULL, NEW.revoked_by);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('token', NEW.id, NEW.version, 'created', NULL);
END;

CREATE TRIGGER token_update_leaves_a_change
AFTER UPDATE OF name, role, student_id, created_at, created_by, expires_at, revoked_at, revoked_by ON token
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('name', OLD.name, NEW.name),
        ('role', OLD.role, NEW.role),
        ('student_id', OLD.student_id, NEW.student_id),
        ('created_at', OLD.created_at, NEW.created_at),
        ('created_by', OLD.created_by, NEW.created_by),
        ('expires_at', OLD.expires_at, NEW.expires_at),
        ('revoked_at', OLD.revoked_at, NEW.revoked_at),
        ('revoked_by', OLD.revoked_by, NEW.revoked_by);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('token', NEW.id, NEW.version, 'changed', NULL);
END;

CREATE TRIGGER token_delete_leaves_a_change
AFTER DELETE ON token
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('name', OLD.name, NULL),
        ('role', OLD.role, NULL),
        ('student_id', OLD.student_id, NULL),
        ('created_at', OLD.created_at, NULL),
        ('created_by', OLD.created_by, NULL),
        ('expires_at', OLD.expires_at, NULL),
        ('revoked_at', OLD.revoked_at, NULL),
        ('revoked_by', OLD.revoked_by, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('token', OLD.id, OLD.version, 'deleted', NULL);
END;

CREATE TRIGGER course_requirement_insert_leaves_a_change
AFTER INSERT ON course_requirement
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', NULL, NEW.code),
        ('kind', NULL, NEW.kind);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', NEW.course_id, (SELECT version FROM course WHERE id = NEW.course_id), 'created', 'requirement');
END;

CREATE TRIGGER course_requirement_update_leaves_two_changes
AFTER UPDATE ON course_requirement
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NULL),
        ('kind', OLD.kind, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.course_id, (SELECT version FROM course WHERE id = OLD.course_id), 'deleted', 'requirement');
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', NULL, NEW.code),
        ('kind', NULL, NEW.kind);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', NEW.course_id, (SELECT version FROM course WHERE id = NEW.course_id), 'created', 'requirement');
END;

CREATE TRIGGER course_requirement_delete_leaves_a_change
AFTER DELETE ON course_requirement
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NULL),
        ('kind', OLD.kind, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.course_id, (SELECT version FROM course WHERE id = OLD.course_id), 'deleted', 'requirement');
END;

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

CREATE INDEX student_course_event_by_actor ON student_course_event (actor, id);

-- Most events begin an enrollment: to find those, an index would be of no use.
CREATE INDEX student_course_event_by_kind ON student_course_event (to_status, id) WHERE to_status <> 'enrolled';

CREATE INDEX student_course_event_by_time ON student_course_event (recorded_at, id);

CREATE INDEX hold_open ON hold (id) WHERE released_at IS NULL;
