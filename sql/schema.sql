-- The schema after all migrations, to read. The migrations make it; nothing runs this file.
-- Regenerate it with: python -m tests.support.schema > sql/schema.sql
-- Each table is followed by its indexes and triggers; the views are last.

-- Who acts in the open transaction: no row is ever committed by the service.
CREATE TABLE acting (
    only_row INTEGER PRIMARY KEY,
    actor    TEXT    NOT NULL,
    at       TEXT    NOT NULL,
    CONSTRAINT acting_is_one CHECK (only_row = 1),
    CONSTRAINT acting_at_is_time CHECK (at IS strftime('%Y-%m-%dT%H:%M:%fZ', at, '+0 days'))
) STRICT;

-- The columns of the change that is being recorded; empty otherwise.
CREATE TABLE changed_column (
    name   TEXT NOT NULL,
    before ANY,
    after  ANY
) STRICT;

CREATE TABLE course (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    code              TEXT    NOT NULL COLLATE NOCASE,
    section           TEXT    COLLATE NOCASE,
    label             TEXT    COLLATE NOCASE
        GENERATED ALWAYS AS (CASE WHEN section IS NULL THEN code ELSE code || '-' || section END) VIRTUAL,
    title             TEXT    NOT NULL COLLATE NOCASE,
    term              TEXT    COLLATE NOCASE,
    instructor        TEXT    COLLATE NOCASE,
    credits           REAL    NOT NULL DEFAULT 0,
    capacity          INTEGER,
    waitlist_capacity INTEGER,
    promotion         TEXT    NOT NULL DEFAULT 'automatic',
    enroll_from       TEXT,
    enroll_until      TEXT,
    status            TEXT    NOT NULL DEFAULT 'open',
    repeatable        INTEGER NOT NULL DEFAULT 0,
    updated_at        TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    version           INTEGER NOT NULL DEFAULT 1, drop_until TEXT
    CONSTRAINT course_drop_until_is_time CHECK (drop_until IS strftime('%Y-%m-%dT%H:%M:%fZ', drop_until, '+0 days')), open_to TEXT NOT NULL DEFAULT '[]'
    CONSTRAINT course_open_to_is_list CHECK (open_to LIKE '[%]'), early_access TEXT NOT NULL DEFAULT '{}'
    CONSTRAINT course_early_access_is_object CHECK (early_access LIKE '{%}'), counts_as TEXT NOT NULL DEFAULT '[]'
    CONSTRAINT course_counts_as_is_list CHECK (counts_as LIKE '[%]'),
    CONSTRAINT course_term_exists FOREIGN KEY (term) REFERENCES term (code)
        ON UPDATE CASCADE ON DELETE RESTRICT,
    CONSTRAINT course_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT course_section_length CHECK (length(section) BETWEEN 1 AND 32),
    CONSTRAINT course_code_unique UNIQUE (term, code, label),
    CONSTRAINT course_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT course_instructor_length CHECK (length(instructor) BETWEEN 1 AND 200),
    CONSTRAINT course_credits_range CHECK (credits BETWEEN 0 AND 1000),
    CONSTRAINT course_capacity_range CHECK (capacity BETWEEN 0 AND 1000000),
    CONSTRAINT course_waitlist_capacity_range CHECK (waitlist_capacity BETWEEN 0 AND 1000000),
    CONSTRAINT course_promotion_known CHECK (promotion IN ('automatic', 'manual')),
    CONSTRAINT course_enroll_from_is_time
        CHECK (enroll_from IS strftime('%Y-%m-%dT%H:%M:%fZ', enroll_from, '+0 days')),
    CONSTRAINT course_enroll_until_is_time
        CHECK (enroll_until IS strftime('%Y-%m-%dT%H:%M:%fZ', enroll_until, '+0 days')),
    CONSTRAINT course_enroll_window_runs_forward CHECK (enroll_from < enroll_until),
    CONSTRAINT course_status_known CHECK (status IN ('open', 'closed', 'cancelled')),
    CONSTRAINT course_repeatable_is_yes_or_no CHECK (repeatable IN (0, 1)),
    CONSTRAINT course_updated_at_is_time
        CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at, '+0 days')),
    CONSTRAINT course_version_positive CHECK (version >= 1)
) STRICT;

CREATE INDEX course_by_code ON course (code, label);

CREATE UNIQUE INDEX course_code_unique_without_term ON course (code, label) WHERE term IS NULL;

CREATE TRIGGER course_delete_is_not_found
AFTER DELETE ON course
BEGIN
    DELETE FROM course_word WHERE course_id = OLD.id;
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
        ('drop_until', OLD.drop_until, NULL),
        ('status', OLD.status, NULL),
        ('repeatable', OLD.repeatable, NULL),
        ('open_to', OLD.open_to, NULL),
        ('early_access', OLD.early_access, NULL),
        ('counts_as', OLD.counts_as, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.id, OLD.version, 'deleted', NULL);
END;

CREATE TRIGGER course_delete_removes_the_codes
AFTER DELETE ON course
BEGIN
    DELETE FROM course_code WHERE course_id = OLD.id;
END;

-- So the changes of the parts come before its own.
CREATE TRIGGER course_delete_removes_the_parts
BEFORE DELETE ON course
BEGIN
    DELETE FROM course_requirement WHERE course_id = OLD.id;
    DELETE FROM course_meeting WHERE course_id = OLD.id;
END;

CREATE TRIGGER course_insert_has_codes_in_counts_as
BEFORE INSERT ON course
BEGIN
    INSERT INTO code_list_to_check (codes) VALUES (NEW.counts_as);
END;

CREATE TRIGGER course_insert_has_codes_in_open_to
BEFORE INSERT ON course
BEGIN
    INSERT INTO code_list_to_check (codes) VALUES (NEW.open_to);
END;

CREATE TRIGGER course_insert_has_times_in_early_access
BEFORE INSERT ON course
WHEN NEW.early_access <> '{}' AND NEW.early_access LIKE '{%}'
BEGIN
    SELECT RAISE(ABORT, 'early access has a time for each code once, without white space')
    WHERE EXISTS (
        SELECT count(*) FROM json_each(NEW.early_access)
        HAVING NEW.early_access <> coalesce('{"' || group_concat(key || '":"' || value, '","') || '"}', '')
            OR count(*) > count(DISTINCT lower(key))
            OR min(length(key)) < 1
            OR max(length(key)) > 32
            OR sum(key GLOB '*[' || char(1) || '-' || char(31) || ']*') > 0
            OR sum(value IS NOT strftime('%Y-%m-%dT%H:%M:%fZ', value, '+0 days')) > 0
    );
END;

CREATE TRIGGER course_insert_is_found
AFTER INSERT ON course
BEGIN
    DELETE FROM course_word WHERE course_id = NEW.id;
    INSERT INTO course_word (word, course_id)
    SELECT word, course_id FROM course_search WHERE course_id = NEW.id;
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
        ('drop_until', NULL, NEW.drop_until),
        ('status', NULL, NEW.status),
        ('repeatable', NULL, NEW.repeatable),
        ('open_to', NULL, NEW.open_to),
        ('early_access', NULL, NEW.early_access),
        ('counts_as', NULL, NEW.counts_as);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', NEW.id, NEW.version, 'created', NULL);
END;

CREATE TRIGGER course_insert_makes_codes
AFTER INSERT ON course
BEGIN
    INSERT OR IGNORE INTO course_code (course_id, code)
    VALUES (NEW.id, NEW.code);
    INSERT OR IGNORE INTO course_code (course_id, code)
    SELECT NEW.id, value FROM json_each(NEW.counts_as);
END;

CREATE TRIGGER course_is_never_replaced
BEFORE INSERT ON course
WHEN EXISTS (SELECT 1 FROM course WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a course is updated, never replaced');
END;

CREATE TRIGGER course_keeps_its_id
BEFORE UPDATE OF id ON course
WHEN NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'a course keeps the id');
END;

CREATE TRIGGER course_update_has_codes_in_counts_as
BEFORE UPDATE OF counts_as ON course
BEGIN
    INSERT INTO code_list_to_check (codes) VALUES (NEW.counts_as);
END;

CREATE TRIGGER course_update_has_codes_in_open_to
BEFORE UPDATE OF open_to ON course
BEGIN
    INSERT INTO code_list_to_check (codes) VALUES (NEW.open_to);
END;

CREATE TRIGGER course_update_has_times_in_early_access
BEFORE UPDATE OF early_access ON course
WHEN NEW.early_access <> '{}' AND NEW.early_access LIKE '{%}'
BEGIN
    SELECT RAISE(ABORT, 'early access has a time for each code once, without white space')
    WHERE EXISTS (
        SELECT count(*) FROM json_each(NEW.early_access)
        HAVING NEW.early_access <> coalesce('{"' || group_concat(key || '":"' || value, '","') || '"}', '')
            OR count(*) > count(DISTINCT lower(key))
            OR min(length(key)) < 1
            OR max(length(key)) > 32
            OR sum(key GLOB '*[' || char(1) || '-' || char(31) || ']*') > 0
            OR sum(value IS NOT strftime('%Y-%m-%dT%H:%M:%fZ', value, '+0 days')) > 0
    );
END;

CREATE TRIGGER course_update_is_dated
AFTER UPDATE ON course
WHEN NEW.updated_at < OLD.updated_at
    OR NEW.updated_at = OLD.updated_at AND NEW.updated_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN
    UPDATE course SET updated_at = max(OLD.updated_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    WHERE id = NEW.id;
END;

CREATE TRIGGER course_update_is_found
AFTER UPDATE OF code, section, title, instructor ON course
WHEN NEW.code <> OLD.code COLLATE BINARY
    OR NEW.section IS NOT OLD.section COLLATE BINARY
    OR NEW.title <> OLD.title COLLATE BINARY
    OR NEW.instructor IS NOT OLD.instructor COLLATE BINARY
BEGIN
    DELETE FROM course_word WHERE course_id = NEW.id;
    INSERT INTO course_word (word, course_id)
    SELECT word, course_id FROM course_search WHERE course_id = NEW.id;
END;

CREATE TRIGGER course_update_leaves_a_change
AFTER UPDATE OF code, section, title, instructor, term, credits, capacity, waitlist_capacity, promotion,
    enroll_from, enroll_until, drop_until, status, repeatable, open_to, early_access, counts_as ON course
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
        ('drop_until', OLD.drop_until, NEW.drop_until),
        ('status', OLD.status, NEW.status),
        ('repeatable', OLD.repeatable, NEW.repeatable),
        ('open_to', OLD.open_to, NEW.open_to),
        ('early_access', OLD.early_access, NEW.early_access),
        ('counts_as', OLD.counts_as, NEW.counts_as);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    SELECT 'course', NEW.id,
        -- A new code of the term makes a new version afterwards (course_version_follows_term).
        NEW.version + (NEW.version = OLD.version AND NEW.term IS NOT OLD.term COLLATE BINARY),
        'changed', NULL;
END;

CREATE TRIGGER course_update_makes_codes
AFTER UPDATE OF code, counts_as ON course
WHEN NEW.code <> OLD.code COLLATE BINARY OR NEW.counts_as <> OLD.counts_as
BEGIN
    DELETE FROM course_code WHERE course_id = NEW.id;
    INSERT OR IGNORE INTO course_code (course_id, code)
    VALUES (NEW.id, NEW.code);
    INSERT OR IGNORE INTO course_code (course_id, code)
    SELECT NEW.id, value FROM json_each(NEW.counts_as);
END;

CREATE TRIGGER course_version_follows_term
AFTER UPDATE OF term ON course
WHEN NEW.term IS NOT OLD.term COLLATE BINARY AND NEW.version = OLD.version
BEGIN
    UPDATE course SET version = version + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER course_with_enrolments_stays
BEFORE DELETE ON course
BEGIN
    SELECT RAISE(ABORT, 'a course that has enrolments is not deleted')
    WHERE EXISTS (SELECT 1 FROM student_course WHERE course_id = OLD.id AND status <> 'void');
    DELETE FROM student_course WHERE course_id = OLD.id;
END;

CREATE TABLE course_code (
    course_id INTEGER NOT NULL,
    code      TEXT    NOT NULL COLLATE NOCASE,
    CONSTRAINT course_code_key PRIMARY KEY (course_id, code),
    CONSTRAINT course_code_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

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

CREATE UNIQUE INDEX course_meeting_key
ON course_meeting (course_id, weekday, from_time, coalesce(start_on, ''));

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

CREATE TABLE course_requirement (
    course_id INTEGER NOT NULL,
    choice    INTEGER NOT NULL DEFAULT 0,
    code      TEXT    NOT NULL COLLATE NOCASE,
    kind      TEXT    NOT NULL,
    CONSTRAINT course_requirement_key PRIMARY KEY (course_id, choice, code),
    CONSTRAINT course_requirement_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT course_requirement_choice_range CHECK (choice BETWEEN 0 AND 20),
    CONSTRAINT course_requirement_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT course_requirement_kind_known
        CHECK (kind IN ('prerequisite', 'concurrent', 'corequisite')),
    CONSTRAINT course_requirement_choice_is_of_prerequisites CHECK (choice = 0 OR kind <> 'corequisite')
) STRICT, WITHOUT ROWID;

CREATE INDEX course_requirement_by_code ON course_requirement (code);

CREATE TRIGGER course_requirement_delete_leaves_a_change
AFTER DELETE ON course_requirement
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('choice', OLD.choice, NULL),
        ('code', OLD.code, NULL),
        ('kind', OLD.kind, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.course_id, (SELECT version FROM course WHERE id = OLD.course_id), 'deleted', 'requirement');
END;

CREATE TRIGGER course_requirement_insert_leaves_a_change
AFTER INSERT ON course_requirement
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('choice', NULL, NEW.choice),
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
        ('choice', OLD.choice, NULL),
        ('code', OLD.code, NULL),
        ('kind', OLD.kind, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.course_id, (SELECT version FROM course WHERE id = OLD.course_id), 'deleted', 'requirement');
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('choice', NULL, NEW.choice),
        ('code', NULL, NEW.code),
        ('kind', NULL, NEW.kind);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', NEW.course_id, (SELECT version FROM course WHERE id = NEW.course_id), 'created', 'requirement');
END;

CREATE TABLE course_word (
    word      TEXT    NOT NULL,
    course_id INTEGER NOT NULL,
    CONSTRAINT course_word_key PRIMARY KEY (word, course_id),
    CONSTRAINT course_word_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX course_word_by_course ON course_word (course_id);

CREATE TABLE erasure (
    student_id INTEGER PRIMARY KEY,
    erased_at  TEXT    NOT NULL,
    erased_by  TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    CONSTRAINT erasure_erased_at_is_time
        CHECK (erased_at IS strftime('%Y-%m-%dT%H:%M:%fZ', erased_at, '+0 days')),
    CONSTRAINT erasure_reason_length CHECK (length(reason) BETWEEN 1 AND 500)
) STRICT;

CREATE TRIGGER erasure_is_never_deleted
BEFORE DELETE ON erasure
BEGIN
    SELECT RAISE(ABORT, 'an erasure is permanent');
END;

CREATE TRIGGER erasure_is_never_updated
BEFORE UPDATE ON erasure
BEGIN
    SELECT RAISE(ABORT, 'an erasure is permanent');
END;

CREATE TRIGGER erasure_needs_a_blank_student
BEFORE INSERT ON erasure
WHEN NOT EXISTS (
        SELECT 1 FROM student
        WHERE id = NEW.student_id AND family_name = 'Erased' AND given_name IS NULL AND number IS NULL AND email IS NULL AND status = 'inactive'
    )
    OR EXISTS (SELECT 1 FROM erasure WHERE student_id = NEW.student_id)
    OR EXISTS (
        SELECT 1 FROM student_course
        WHERE student_id = NEW.student_id AND status IN ('enrolled', 'waitlisted')
    )
BEGIN
    SELECT RAISE(ABORT, 'the record of a student is blanked before it is erased');
END;

CREATE TABLE gone_id (
    kind       TEXT    NOT NULL,
    sourced_id TEXT    NOT NULL,
    source     TEXT    NOT NULL COLLATE NOCASE,
    gone_at    TEXT    NOT NULL,
    first_id   INTEGER NOT NULL,
    content    TEXT    NOT NULL,
    user_ref   TEXT,
    class_ref  TEXT,
    CONSTRAINT gone_id_key PRIMARY KEY (kind, sourced_id),
    CONSTRAINT gone_id_gone_at_is_time CHECK (gone_at IS strftime('%Y-%m-%dT%H:%M:%fZ', gone_at, '+0 days')),
    CONSTRAINT gone_id_content_is_an_object CHECK (content LIKE '{%}')
) STRICT;

CREATE INDEX gone_id_by_time ON gone_id (kind, gone_at);

CREATE TABLE hold (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    student_id  INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    placed_at   TEXT    NOT NULL,
    placed_by   TEXT    NOT NULL,
    released_at TEXT,
    released_by TEXT,
    version     INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT hold_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT hold_reason_length CHECK (length(reason) BETWEEN 1 AND 500),
    CONSTRAINT hold_placed_at_is_time
        CHECK (placed_at IS strftime('%Y-%m-%dT%H:%M:%fZ', placed_at, '+0 days')),
    CONSTRAINT hold_released_at_is_time
        CHECK (released_at IS strftime('%Y-%m-%dT%H:%M:%fZ', released_at, '+0 days')),
    CONSTRAINT hold_released_by_someone CHECK ((released_at IS NULL) = (released_by IS NULL)),
    CONSTRAINT hold_version_positive CHECK (version >= 1)
) STRICT;

CREATE INDEX hold_by_student ON hold (student_id);

CREATE INDEX hold_open ON hold (id) WHERE released_at IS NULL;

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

CREATE TRIGGER hold_is_never_replaced
BEFORE INSERT ON hold
WHEN EXISTS (SELECT 1 FROM hold WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a hold is updated, never replaced');
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

CREATE TABLE import (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    source       TEXT    NOT NULL COLLATE NOCASE,
    format       TEXT    NOT NULL,
    file_name    TEXT,
    digest       TEXT    NOT NULL,
    made_at      TEXT    NOT NULL,
    made_by      TEXT    NOT NULL,
    reason       TEXT,
    after_change INTEGER NOT NULL,
    last_change  INTEGER NOT NULL,
    after_event  INTEGER NOT NULL,
    last_event   INTEGER NOT NULL,
    report       TEXT    NOT NULL DEFAULT '{}',
    undone_at    TEXT,
    undone_by    TEXT,
    version      INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT import_source_length CHECK (length(source) BETWEEN 1 AND 100),
    CONSTRAINT import_format_known CHECK (format IN ('oneroster-1.1', 'oneroster-1.2', 'sds-2.1', 'clever', 'list')),
    CONSTRAINT import_digest_form CHECK (digest GLOB replace(hex(zeroblob(32)), '0', '[0-9a-f]')),
    CONSTRAINT import_report_is_an_object CHECK (report LIKE '{%}'),
    CONSTRAINT import_times_are_times CHECK (
        made_at IS strftime('%Y-%m-%dT%H:%M:%fZ', made_at, '+0 days')
        AND undone_at IS strftime('%Y-%m-%dT%H:%M:%fZ', undone_at, '+0 days')
    ),
    CONSTRAINT import_ranges_run_forward CHECK (after_change <= last_change AND after_event <= last_event),
    CONSTRAINT import_undone_by_someone CHECK ((undone_at IS NULL) = (undone_by IS NULL)),
    CONSTRAINT import_version_positive CHECK (version >= 1)
) STRICT;

CREATE TRIGGER import_is_never_replaced
BEFORE INSERT ON import
WHEN EXISTS (SELECT 1 FROM import WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'an import is never replaced');
END;

CREATE TRIGGER import_stays
BEFORE DELETE ON import
BEGIN
    SELECT RAISE(ABORT, 'an import is undone, never deleted');
END;

CREATE TABLE kept_answer (
    token_id    INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    status      INTEGER NOT NULL,
    headers     TEXT    NOT NULL,
    content     BLOB    NOT NULL,
    kept_at     TEXT    NOT NULL,
    CONSTRAINT kept_answer_key PRIMARY KEY (token_id, key),
    CONSTRAINT kept_answer_token_exists FOREIGN KEY (token_id) REFERENCES token (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT kept_answer_key_length CHECK (length(key) BETWEEN 1 AND 255),
    CONSTRAINT kept_answer_status_is_success CHECK (status BETWEEN 200 AND 299),
    CONSTRAINT kept_answer_kept_at_is_time
        CHECK (kept_at IS strftime('%Y-%m-%dT%H:%M:%fZ', kept_at, '+0 days'))
) STRICT;

CREATE INDEX kept_answer_by_time ON kept_answer (kept_at);

CREATE TABLE letter (
    letter TEXT NOT NULL,
    base   TEXT NOT NULL,
    CONSTRAINT letter_key PRIMARY KEY (letter)
) STRICT, WITHOUT ROWID;

CREATE TABLE merge (
    student_id INTEGER PRIMARY KEY,
    into_id    INTEGER NOT NULL,
    merged_at  TEXT    NOT NULL,
    merged_by  TEXT    NOT NULL,
    CONSTRAINT merge_of_two_records CHECK (into_id <> student_id),
    CONSTRAINT merge_merged_at_is_time CHECK (merged_at IS strftime('%Y-%m-%dT%H:%M:%fZ', merged_at, '+0 days'))
) STRICT;

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

CREATE INDEX record_change_by_actor ON record_change (actor, id);

CREATE INDEX record_change_by_record ON record_change (subject_id, id);

CREATE INDEX record_change_by_subject ON record_change (subject, id);

CREATE INDEX record_change_by_time ON record_change (recorded_at, id);

CREATE TRIGGER record_change_comes_from_a_change
BEFORE INSERT ON record_change
WHEN NOT EXISTS (SELECT 1 FROM changed_column) OR EXISTS (SELECT 1 FROM record_change WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'changes on record are append-only');
END;

CREATE TRIGGER record_change_follows_the_last
AFTER INSERT ON record_change
WHEN NEW.id <> 1 + coalesce((SELECT id FROM record_change WHERE id <> NEW.id ORDER BY id DESC LIMIT 1), 0)
BEGIN
    SELECT RAISE(ABORT, 'changes on record are append-only');
END;

CREATE TRIGGER record_change_is_never_deleted
BEFORE DELETE ON record_change
BEGIN
    SELECT RAISE(ABORT, 'changes on record are append-only');
END;

CREATE TRIGGER record_change_is_never_updated
BEFORE UPDATE ON record_change
WHEN NEW.id <> OLD.id
    OR NEW.subject <> OLD.subject
    OR NEW.subject_id <> OLD.subject_id
    OR NEW.part IS NOT OLD.part
    OR NEW.version <> OLD.version
    OR NEW.actor IS NOT OLD.actor
    OR NEW.recorded_at <> OLD.recorded_at
    OR NEW.before IS NOT iif(OLD.before IS NULL, NULL, '{}')
    OR NEW.after IS NOT iif(OLD.after IS NULL, NULL, '{"erased":true}')
    OR NOT EXISTS (
        SELECT 1 FROM erasure
        WHERE erasure.student_id = CASE OLD.subject
            WHEN 'student' THEN OLD.subject_id
            WHEN 'hold' THEN (SELECT student_id FROM hold WHERE id = OLD.subject_id)
            WHEN 'token' THEN (SELECT student_id FROM token WHERE id = OLD.subject_id)
        END
    )
BEGIN
    SELECT RAISE(ABORT, 'changes on record are append-only');
END;

CREATE TABLE school (
    id   INTEGER PRIMARY KEY,
    key  TEXT    NOT NULL DEFAULT (lower(hex(randomblob(6)))),
    name TEXT    NOT NULL DEFAULT 'School',
    CONSTRAINT school_is_one CHECK (id = 1),
    CONSTRAINT school_key_form CHECK (key GLOB replace(hex(zeroblob(6)), '0', '[0-9a-f]')),
    CONSTRAINT school_name_length CHECK (length(name) BETWEEN 1 AND 200)
) STRICT;

CREATE TRIGGER school_is_never_replaced
BEFORE INSERT ON school
WHEN EXISTS (SELECT 1 FROM school)
BEGIN
    SELECT RAISE(ABORT, 'there is one school, and it is never replaced');
END;

CREATE TRIGGER school_keeps_its_key
BEFORE UPDATE ON school
WHEN NEW.key <> OLD.key OR NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'the school keeps its key');
END;

CREATE TRIGGER school_stays
BEFORE DELETE ON school
BEGIN
    SELECT RAISE(ABORT, 'the school is never deleted');
END;

CREATE TABLE session (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    token_id   INTEGER NOT NULL,
    digest     TEXT    NOT NULL,
    created_at TEXT    NOT NULL,
    seen_at    TEXT    NOT NULL,
    expires_at TEXT    NOT NULL,
    CONSTRAINT session_digest_unique UNIQUE (digest),
    CONSTRAINT session_token_exists FOREIGN KEY (token_id) REFERENCES token (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT session_created_at_is_time
        CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at, '+0 days')),
    CONSTRAINT session_seen_at_is_time
        CHECK (seen_at IS strftime('%Y-%m-%dT%H:%M:%fZ', seen_at, '+0 days')),
    CONSTRAINT session_expires_at_is_time
        CHECK (expires_at IS strftime('%Y-%m-%dT%H:%M:%fZ', expires_at, '+0 days'))
) STRICT;

CREATE INDEX session_by_end ON session (expires_at);

CREATE INDEX session_by_token ON session (token_id);

CREATE TABLE sign_in_link (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    token_id   INTEGER NOT NULL,
    digest     TEXT    NOT NULL,
    created_at TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    expires_at TEXT    NOT NULL,
    used_at    TEXT,
    CONSTRAINT sign_in_link_digest_unique UNIQUE (digest),
    CONSTRAINT sign_in_link_token_exists FOREIGN KEY (token_id) REFERENCES token (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT sign_in_link_created_at_is_time
        CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at, '+0 days')),
    CONSTRAINT sign_in_link_expires_at_is_time
        CHECK (expires_at IS strftime('%Y-%m-%dT%H:%M:%fZ', expires_at, '+0 days')),
    CONSTRAINT sign_in_link_used_at_is_time
        CHECK (used_at IS strftime('%Y-%m-%dT%H:%M:%fZ', used_at, '+0 days'))
) STRICT;

CREATE INDEX sign_in_link_by_end ON sign_in_link (expires_at);

CREATE INDEX sign_in_link_by_token ON sign_in_link (token_id);

CREATE TABLE source_record (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    first_id   INTEGER,
    import_id  INTEGER NOT NULL,
    source     TEXT    NOT NULL COLLATE NOCASE,
    kind       TEXT    NOT NULL,
    sourced_id TEXT    NOT NULL,
    is_current INTEGER NOT NULL DEFAULT 1,
    is_deleted INTEGER NOT NULL DEFAULT 0,
    content    TEXT    NOT NULL,
    taken      TEXT,
    user_ref   TEXT,
    class_ref  TEXT,
    student_id INTEGER,
    term_id    INTEGER,
    course_id  INTEGER,
    event_id   INTEGER,
    CONSTRAINT source_record_key UNIQUE (kind, sourced_id, source, import_id),
    CONSTRAINT source_record_import_exists FOREIGN KEY (import_id) REFERENCES import (id)
        ON UPDATE RESTRICT ON DELETE RESTRICT,
    CONSTRAINT source_record_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT source_record_term_exists FOREIGN KEY (term_id) REFERENCES term (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT source_record_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT source_record_kind_known CHECK (
        kind IN ('orgs', 'academicSessions', 'courses', 'classes', 'users', 'roles', 'enrollments')
    ),
    CONSTRAINT source_record_sourced_id_length CHECK (length(sourced_id) BETWEEN 1 AND 255),
    CONSTRAINT source_record_is_yes_or_no CHECK (is_current IN (0, 1) AND is_deleted IN (0, 1)),
    CONSTRAINT source_record_is_what_it_can_be CHECK (
        (term_id IS NULL OR kind = 'academicSessions')
        AND (event_id IS NULL OR kind = 'enrollments')
        AND (student_id IS NULL OR kind IN ('users', 'enrollments'))
        AND (course_id IS NULL OR kind IN ('classes', 'enrollments'))
    ),
    CONSTRAINT source_record_content_is_an_object CHECK (content LIKE '{%}' AND taken LIKE '{%}')
) STRICT;

CREATE INDEX source_record_by_class ON source_record (class_ref, kind) WHERE class_ref IS NOT NULL;

CREATE INDEX source_record_by_course ON source_record (course_id) WHERE course_id IS NOT NULL;

CREATE INDEX source_record_by_event ON source_record (event_id) WHERE event_id IS NOT NULL;

CREATE INDEX source_record_by_import ON source_record (import_id);

CREATE INDEX source_record_by_student ON source_record (student_id, course_id) WHERE student_id IS NOT NULL;

CREATE INDEX source_record_by_term ON source_record (term_id) WHERE term_id IS NOT NULL;

CREATE INDEX source_record_by_user ON source_record (user_ref, kind) WHERE user_ref IS NOT NULL;

CREATE TRIGGER source_record_blank_leaves_the_id
AFTER UPDATE OF student_id ON source_record
WHEN NEW.kind = 'users' AND NEW.is_current = 1 AND OLD.student_id IS NOT NULL AND NEW.student_id IS NULL
BEGIN
    INSERT INTO gone_id (kind, sourced_id, source, gone_at, first_id, content)
    VALUES (
        OLD.kind, OLD.sourced_id, OLD.source,
        coalesce((SELECT at FROM acting), strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        coalesce(OLD.first_id, OLD.id),
        '{"enabledUser":"false","familyName":"-","role":"student"}'
    )
    ON CONFLICT (kind, sourced_id) DO UPDATE
    SET source = excluded.source, gone_at = excluded.gone_at, first_id = excluded.first_id,
        content = excluded.content;
END;

CREATE TRIGGER source_record_delete_leaves_the_id
AFTER DELETE ON source_record
WHEN NOT EXISTS (
        SELECT 1 FROM source_record AS other
        WHERE other.kind = OLD.kind AND other.sourced_id = OLD.sourced_id AND other.source = OLD.source
            AND other.is_current = 1 AND other.is_deleted = 0
    )
BEGIN
    INSERT INTO gone_id (kind, sourced_id, source, gone_at, first_id, content, user_ref, class_ref)
    VALUES (
        OLD.kind, OLD.sourced_id, OLD.source,
        coalesce((SELECT at FROM acting), strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        coalesce(OLD.first_id, OLD.id),
        CASE OLD.kind
            WHEN 'users' THEN '{"enabledUser":"false","familyName":"-","role":"student"}'
            WHEN 'academicSessions' THEN OLD.content
            WHEN 'classes' THEN OLD.content
            ELSE '{"role":"student"}'
        END,
        OLD.user_ref, OLD.class_ref
    )
    ON CONFLICT (kind, sourced_id) DO UPDATE
    SET source = excluded.source, gone_at = excluded.gone_at, first_id = excluded.first_id,
        content = excluded.content, user_ref = excluded.user_ref, class_ref = excluded.class_ref;
END;

CREATE TABLE student (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    number      TEXT    COLLATE NOCASE,
    given_name  TEXT    COLLATE NOCASE,
    family_name TEXT    NOT NULL COLLATE NOCASE,
    email       TEXT    COLLATE NOCASE,
    status      TEXT    NOT NULL DEFAULT 'active',
    max_credits REAL,
    version     INTEGER NOT NULL DEFAULT 1,
    updated_at  TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    family_sort TEXT    NOT NULL DEFAULT '',
    given_sort  TEXT    NOT NULL DEFAULT '', groups TEXT NOT NULL DEFAULT '[]'
    CONSTRAINT student_groups_is_list CHECK (groups LIKE '[%]'),
    CONSTRAINT student_number_form CHECK (length(number) BETWEEN 1 AND 32 AND number NOT GLOB '*[^!-~]*'),
    CONSTRAINT student_number_unique UNIQUE (number),
    CONSTRAINT student_given_name_length CHECK (length(given_name) BETWEEN 1 AND 500),
    CONSTRAINT student_family_name_length CHECK (length(family_name) BETWEEN 1 AND 500),
    CONSTRAINT student_email_form CHECK (length(email) <= 254 AND email LIKE '_%@_%'),
    CONSTRAINT student_status_known CHECK (status IN ('active', 'inactive')),
    CONSTRAINT student_max_credits_range CHECK (max_credits BETWEEN 0 AND 1000),
    CONSTRAINT student_version_positive CHECK (version >= 1),
    CONSTRAINT student_updated_at_is_time
        CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at, '+0 days'))
) STRICT;

CREATE INDEX student_by_email ON student (email);

CREATE INDEX student_by_name ON student (family_sort, given_sort);

CREATE INDEX student_by_update ON student (updated_at);

CREATE TRIGGER student_delete_is_not_found
AFTER DELETE ON student
BEGIN
    DELETE FROM student_word WHERE student_id = OLD.id;
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
        ('max_credits', OLD.max_credits, NULL),
        ('groups', OLD.groups, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('student', OLD.id, OLD.version, 'deleted', NULL);
END;

CREATE TRIGGER student_insert_has_codes_in_groups
BEFORE INSERT ON student
BEGIN
    INSERT INTO code_list_to_check (codes) VALUES (NEW.groups);
END;

CREATE TRIGGER student_insert_is_sorted
AFTER INSERT ON student
BEGIN
    UPDATE student
    SET (family_sort, given_sort) = (
        SELECT family_sort, given_sort FROM student_sort WHERE student_id = NEW.id
    )
    WHERE id = NEW.id;
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
        ('max_credits', NULL, NEW.max_credits),
        ('groups', NULL, NEW.groups);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('student', NEW.id, NEW.version, 'created', NULL);
END;

CREATE TRIGGER student_is_never_replaced
BEFORE INSERT ON student
WHEN EXISTS (SELECT 1 FROM student WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a student is updated, never replaced');
END;

CREATE TRIGGER student_keeps_its_id
BEFORE UPDATE OF id ON student
WHEN NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'a student keeps the id');
END;

CREATE TRIGGER student_update_has_codes_in_groups
BEFORE UPDATE OF groups ON student
BEGIN
    INSERT INTO code_list_to_check (codes) VALUES (NEW.groups);
END;

CREATE TRIGGER student_update_is_dated
AFTER UPDATE OF number, given_name, family_name, email, status, max_credits, version, updated_at ON student
WHEN NEW.updated_at < OLD.updated_at
    OR NEW.updated_at = OLD.updated_at AND NEW.updated_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN
    UPDATE student SET updated_at = max(OLD.updated_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    WHERE id = NEW.id;
END;

CREATE TRIGGER student_update_is_found
AFTER UPDATE OF family_sort, given_sort, number, email ON student
WHEN NEW.family_sort <> OLD.family_sort
    OR NEW.given_sort <> OLD.given_sort
    OR NEW.number IS NOT OLD.number
    OR NEW.email IS NOT OLD.email COLLATE BINARY
    OR NOT EXISTS (SELECT 1 FROM student_word WHERE student_id = NEW.id)
BEGIN
    DELETE FROM student_word WHERE student_id = NEW.id;
    INSERT INTO student_word (word, student_id)
    SELECT word, student_id FROM student_search WHERE student_id = NEW.id;
END;

CREATE TRIGGER student_update_is_sorted
AFTER UPDATE OF family_name, given_name, family_sort, given_sort ON student
WHEN NEW.family_name <> OLD.family_name COLLATE BINARY
    OR NEW.given_name IS NOT OLD.given_name COLLATE BINARY
    OR NEW.family_sort <> OLD.family_sort
    OR NEW.given_sort <> OLD.given_sort
BEGIN
    UPDATE student
    SET (family_sort, given_sort) = (
        SELECT family_sort, given_sort FROM student_sort WHERE student_id = NEW.id
    )
    WHERE id = NEW.id;
END;

CREATE TRIGGER student_update_leaves_a_change
AFTER UPDATE OF number, given_name, family_name, email, status, max_credits, groups ON student
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('number', OLD.number, NEW.number),
        ('given_name', OLD.given_name, NEW.given_name),
        ('family_name', OLD.family_name, NEW.family_name),
        ('email', OLD.email, NEW.email),
        ('status', OLD.status, NEW.status),
        ('max_credits', OLD.max_credits, NEW.max_credits),
        ('groups', OLD.groups, NEW.groups);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('student', NEW.id, NEW.version, 'changed', NULL);
END;

CREATE TRIGGER student_who_is_erased_stays_so
BEFORE UPDATE ON student
WHEN EXISTS (SELECT 1 FROM erasure WHERE student_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'an erasure is permanent');
END;

CREATE TRIGGER student_with_enrolments_stays
BEFORE DELETE ON student
BEGIN
    SELECT RAISE(ABORT, 'a student who has enrolments is not deleted')
    WHERE EXISTS (SELECT 1 FROM student_course WHERE student_id = OLD.id AND status <> 'void');
    DELETE FROM student_course WHERE student_id = OLD.id;
END;

CREATE TABLE student_course (
    student_id    INTEGER NOT NULL,
    course_id     INTEGER NOT NULL,
    status        TEXT    NOT NULL,
    enrolled_at   TEXT,
    waitlisted_at TEXT,
    completed_at  TEXT,
    dropped_at    TEXT,
    changed_at    TEXT    NOT NULL,
    effective_at  TEXT,
    changed_by    TEXT,
    change_reason TEXT,
    overridden    TEXT,
    place_of      INTEGER,
    queue_number  INTEGER NOT NULL DEFAULT 0,
    version       INTEGER NOT NULL DEFAULT 1, corrects INTEGER, restores INTEGER, passed INTEGER, grade TEXT, passed_at TEXT
    CONSTRAINT student_course_outcome_makes_sense CHECK (
        passed IN (0, 1)
        AND length(grade) BETWEEN 1 AND 10
        AND passed_at IS strftime('%Y-%m-%dT%H:%M:%fZ', passed_at, '+0 days')
    ), queue_fraction TEXT NOT NULL DEFAULT ''
    CONSTRAINT student_course_queue_fraction_is_digits
        CHECK (queue_fraction NOT GLOB '*[^0-9]*' AND queue_fraction NOT LIKE '%0'), instead_of INTEGER
    CONSTRAINT student_course_instead_of_another CHECK (instead_of <> course_id),
    CONSTRAINT student_course_key PRIMARY KEY (student_id, course_id),
    CONSTRAINT student_course_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE RESTRICT,
    CONSTRAINT student_course_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE RESTRICT,
    CONSTRAINT student_course_status_known
        CHECK (status IN ('enrolled', 'waitlisted', 'completed', 'dropped', 'void')),
    CONSTRAINT student_course_status_has_its_time CHECK (
        CASE status
            WHEN 'enrolled' THEN enrolled_at
            WHEN 'waitlisted' THEN waitlisted_at
            WHEN 'completed' THEN completed_at
            WHEN 'dropped' THEN dropped_at
            WHEN 'void' THEN changed_at
        END IS NOT NULL
    ),
    CONSTRAINT student_course_void_has_no_time CHECK (
        status <> 'void' OR coalesce(enrolled_at, waitlisted_at, completed_at, dropped_at) IS NULL
    ),
    CONSTRAINT student_course_times_are_times CHECK (
        enrolled_at IS strftime('%Y-%m-%dT%H:%M:%fZ', enrolled_at, '+0 days')
        AND waitlisted_at IS strftime('%Y-%m-%dT%H:%M:%fZ', waitlisted_at, '+0 days')
        AND completed_at IS strftime('%Y-%m-%dT%H:%M:%fZ', completed_at, '+0 days')
        AND dropped_at IS strftime('%Y-%m-%dT%H:%M:%fZ', dropped_at, '+0 days')
        AND changed_at IS strftime('%Y-%m-%dT%H:%M:%fZ', changed_at, '+0 days')
    ),
    CONSTRAINT student_course_effective_at_is_time CHECK (
        effective_at IS strftime('%Y-%m-%dT%H:%M:%fZ', effective_at, '+0 days')
        AND effective_at <= changed_at
    ),
    CONSTRAINT student_course_overridden_is_a_list CHECK (overridden LIKE '["%"]'),
    CONSTRAINT student_course_version_positive CHECK (version >= 1)
) STRICT, WITHOUT ROWID;

CREATE INDEX student_course_by_course
ON student_course (course_id, status, queue_number, queue_fraction, student_id);

CREATE INDEX student_course_by_course_and_student ON student_course (course_id, student_id);

CREATE TRIGGER student_course_insert_does_not_jump_the_queue
BEFORE INSERT ON student_course
WHEN NEW.queue_number <> 0 OR NEW.queue_fraction <> ''
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

-- Adds the event of a new enrollment. The version becomes at least the number of its events.
CREATE TRIGGER student_course_insert_is_recorded
AFTER INSERT ON student_course
BEGIN
    INSERT INTO student_course_event (
        student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden,
        place_of, corrects, restores, passed, grade, instead_of
    )
    SELECT
        NEW.student_id,
        NEW.course_id,
        last.to_status,
        NEW.status,
        coalesce(NEW.effective_at, max(NEW.changed_at, coalesce(last.effective_at, ''))),
        max(NEW.changed_at, coalesce(last.recorded_at, '')),
        NEW.changed_by,
        NEW.change_reason,
        NEW.overridden,
        NEW.place_of,
        NEW.corrects,
        NEW.restores,
        iif(NEW.status = 'completed', coalesce(NEW.passed, 1), NULL),
        iif(NEW.status = 'completed', NEW.grade, NULL),
        iif(NEW.status = 'waitlisted', NEW.instead_of, NULL)
    FROM (SELECT 1)
    LEFT JOIN (
        SELECT to_status, effective_at, recorded_at FROM student_course_event
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id
        ORDER BY id DESC LIMIT 1
    ) AS last;
    UPDATE student_course
    SET version = (
        SELECT count(*) FROM student_course_event
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id
    )
    WHERE student_id = NEW.student_id
        AND course_id = NEW.course_id
        AND version < (
            SELECT count(*) FROM student_course_event
            WHERE student_id = NEW.student_id AND course_id = NEW.course_id
        );
END;

CREATE TRIGGER student_course_insert_needs_a_place_to_wait
AFTER INSERT ON student_course
WHEN NEW.status = 'waitlisted' AND coalesce(NEW.overridden, '') NOT LIKE '%"waitlist_full"%'
BEGIN
    SELECT RAISE(ABORT, 'waitlist_full')
    FROM course
    WHERE id = NEW.course_id
        AND waitlist_capacity IS NOT NULL
        AND waitlist_capacity < (
            SELECT count(*) FROM student_course
            WHERE course_id = NEW.course_id AND status = 'waitlisted'
        );
END;

CREATE TRIGGER student_course_insert_needs_a_seat
AFTER INSERT ON student_course
WHEN NEW.status = 'enrolled' AND coalesce(NEW.overridden, '') NOT LIKE '%"course_full"%'
BEGIN
    SELECT RAISE(ABORT, 'course_full')
    FROM course
    WHERE id = NEW.course_id
        AND capacity IS NOT NULL
        AND capacity < (
            SELECT count(*) FROM student_course
            WHERE course_id = NEW.course_id AND status = 'enrolled'
        );
END;

CREATE TRIGGER student_course_is_never_deleted
BEFORE DELETE ON student_course
WHEN OLD.status <> 'void'
BEGIN
    SELECT RAISE(ABORT, 'an enrolment is dropped, never deleted');
END;

CREATE TRIGGER student_course_joins_what_exists
BEFORE INSERT ON student_course
WHEN NOT EXISTS (SELECT 1 FROM student WHERE id = NEW.student_id)
    OR NOT EXISTS (SELECT 1 FROM course WHERE id = NEW.course_id)
BEGIN
    SELECT RAISE(ABORT, 'an enrolment joins a student and a course that exist');
END;

CREATE TRIGGER student_course_keeps_its_key
BEFORE UPDATE OF student_id, course_id ON student_course
WHEN NEW.student_id <> OLD.student_id OR NEW.course_id <> OLD.course_id
BEGIN
    SELECT RAISE(ABORT, 'an enrolment keeps its student and its course');
END;

CREATE TRIGGER student_course_update_does_not_jump_the_queue
BEFORE UPDATE OF queue_number, queue_fraction ON student_course
WHEN NOT (
        NEW.version > OLD.version
        AND (OLD.status, NEW.status) = ('waitlisted', 'waitlisted')
        AND NEW.change_reason IS NOT NULL
        AND NEW.corrects IS OLD.corrects
        AND NEW.queue_fraction <> ''
    )
    AND (NEW.queue_number, NEW.queue_fraction) IS NOT (
        SELECT coalesce(last.queue_number, last.place_of, last.id, 0), coalesce(last.queue_fraction, '')
        FROM (SELECT 1)
        LEFT JOIN (
            SELECT id, place_of, queue_number, queue_fraction FROM enrollment_event
            WHERE student_id = NEW.student_id
                AND course_id = NEW.course_id
                AND to_status = 'waitlisted'
                AND (from_status IS NOT 'waitlisted' OR queue_number IS NOT NULL)
                AND superseded_by IS NULL
                AND NEW.status = 'waitlisted'
            ORDER BY id DESC LIMIT 1
        ) AS last
    )
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

-- Adds the event of a change. Without a new version, it is dated now and has no actor.
CREATE TRIGGER student_course_update_is_recorded
AFTER UPDATE ON student_course
WHEN NEW.status <> OLD.status
    OR NEW.changed_at <> OLD.changed_at
    OR NEW.effective_at IS NOT OLD.effective_at
    OR NEW.overridden IS NOT OLD.overridden
    OR NEW.place_of IS NOT OLD.place_of
    OR NEW.corrects IS NOT OLD.corrects
    OR NEW.restores IS NOT OLD.restores
    OR NEW.instead_of IS NOT OLD.instead_of AND NEW.status = 'waitlisted'
    OR (NEW.queue_number, NEW.queue_fraction) <> (OLD.queue_number, OLD.queue_fraction)
    AND NEW.version > OLD.version
    OR NEW.change_reason IS NOT OLD.change_reason
    AND NOT (
        NEW.change_reason IS NULL
        AND EXISTS (SELECT 1 FROM erasure WHERE student_id = NEW.student_id)
    )
    OR NEW.changed_by IS NOT OLD.changed_by
    AND NOT EXISTS (
        SELECT 1 FROM erased_actor WHERE actor = OLD.changed_by AND remains = NEW.changed_by
    )
    OR (NEW.enrolled_at, NEW.waitlisted_at, NEW.completed_at, NEW.dropped_at)
        IS NOT (OLD.enrolled_at, OLD.waitlisted_at, OLD.completed_at, OLD.dropped_at)
    AND NOT EXISTS (
        SELECT 1 FROM enrollment_version
        WHERE event_id = (
                SELECT max(id) FROM student_course_event
                WHERE student_id = NEW.student_id AND course_id = NEW.course_id
            )
            AND (enrolled_at, waitlisted_at, completed_at, dropped_at)
                IS (NEW.enrolled_at, NEW.waitlisted_at, NEW.completed_at, NEW.dropped_at)
    )
    OR NEW.status <> 'void'
    AND (NEW.passed, NEW.grade, NEW.passed_at) IS NOT (OLD.passed, OLD.grade, OLD.passed_at)
    AND NOT EXISTS (
        SELECT 1 FROM enrollment_version
        WHERE event_id = (
                SELECT max(id) FROM student_course_event
                WHERE student_id = NEW.student_id AND course_id = NEW.course_id
            )
            AND (passed, grade, passed_at) IS (NEW.passed, NEW.grade, NEW.passed_at)
    )
BEGIN
    INSERT INTO student_course_event (
        student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden,
        place_of, corrects, restores, passed, grade, queue_number, queue_fraction, position,
        instead_of
    )
    SELECT
        NEW.student_id,
        NEW.course_id,
        CASE
            -- What held before the corrected event, or before the restored one.
            WHEN change.corrects IS NOT NULL AND NEW.status <> 'void' THEN (
                SELECT to_status FROM enrollment_event
                WHERE student_id = NEW.student_id
                    AND course_id = NEW.course_id
                    AND id < coalesce(change.restores, change.corrects)
                    AND superseded_by IS NULL
                ORDER BY id DESC LIMIT 1
            )
            ELSE OLD.status
        END,
        NEW.status,
        CASE
            -- It is void from its beginning.
            WHEN NEW.status = 'void' AND OLD.status <> 'void'
                THEN (SELECT effective_at FROM student_course_event WHERE id = change.corrects)
            WHEN change.effective_at IS NOT NULL THEN change.effective_at
            -- What stays as it was has been so since then.
            WHEN NEW.status = OLD.status THEN last.effective_at
            ELSE max(change.at, last.effective_at)
        END,
        max(change.at, last.recorded_at),
        iif(NEW.version > OLD.version, NEW.changed_by, NULL),
        iif(NEW.version > OLD.version, NEW.change_reason, NULL),
        iif(NEW.version > OLD.version, NEW.overridden, NULL),
        CASE
            WHEN change.corrects IS NULL
                THEN iif(NEW.version > OLD.version AND NEW.place_of IS NOT OLD.place_of, NEW.place_of, NULL)
            WHEN NEW.status = 'waitlisted' THEN (
                SELECT iif(to_status = 'waitlisted', coalesce(place_of, id), NULL) FROM student_course_event
                WHERE id = coalesce(change.restores, change.corrects)
            )
        END,
        change.corrects,
        change.restores,
        iif(NEW.status = 'completed', coalesce(NEW.passed, 1), NULL),
        iif(NEW.status = 'completed', NEW.grade, NULL),
        iif(change.corrects IS NULL, change.queue_number, moved.queue_number),
        iif(change.corrects IS NULL, change.queue_fraction, moved.queue_fraction),
        CASE
            WHEN change.queue_number IS NOT NULL THEN (
                SELECT count(*) FROM student_course
                WHERE course_id = NEW.course_id
                    AND status = 'waitlisted'
                    AND (queue_number, queue_fraction) <= (NEW.queue_number, NEW.queue_fraction)
            )
        END,
        iif(NEW.status = 'waitlisted', NEW.instead_of, NULL)
    FROM (
        SELECT
            iif(NEW.version > OLD.version, NEW.changed_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) AS at,
            iif(NEW.version > OLD.version, NEW.effective_at, NULL) AS effective_at,
            CASE
                WHEN NEW.status = 'void' AND OLD.status <> 'void' THEN (
                    SELECT min(id) FROM enrollment_event
                    WHERE student_id = NEW.student_id
                        AND course_id = NEW.course_id
                        AND superseded_by IS NULL
                        AND to_status <> 'void'
                )
                WHEN NEW.version > OLD.version AND NEW.corrects IS NOT OLD.corrects THEN NEW.corrects
            END AS corrects,
            iif(NEW.version > OLD.version AND NEW.corrects IS NOT OLD.corrects, NEW.restores, NULL) AS restores,
            iif(
                NEW.version > OLD.version AND (NEW.queue_number, NEW.queue_fraction) <> (OLD.queue_number, OLD.queue_fraction),
                NEW.queue_number,
                NULL
            ) AS queue_number,
            iif(
                NEW.version > OLD.version AND (NEW.queue_number, NEW.queue_fraction) <> (OLD.queue_number, OLD.queue_fraction),
                NEW.queue_fraction,
                NULL
            ) AS queue_fraction
    ) AS change
    JOIN (
        SELECT effective_at, recorded_at FROM student_course_event
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id
        ORDER BY id DESC LIMIT 1
    ) AS last
    -- What is waitlisted again is in the place to which it was moved last, if it was.
    LEFT JOIN (
        SELECT queue_number, queue_fraction FROM enrollment_event
        WHERE NEW.status = 'waitlisted'
            AND NEW.corrects IS NOT OLD.corrects
            AND student_id = NEW.student_id
            AND course_id = NEW.course_id
            AND id BETWEEN coalesce(NEW.restores, NEW.corrects) AND NEW.corrects
            AND queue_number IS NOT NULL
            AND superseded_by IS NULL
        ORDER BY id DESC LIMIT 1
    ) AS moved;
    UPDATE student_course
    SET version = OLD.version + 1
    WHERE student_id = NEW.student_id
        AND course_id = NEW.course_id
        AND NEW.version <= OLD.version;
END;

CREATE TRIGGER student_course_update_needs_a_place_to_wait
AFTER UPDATE OF status ON student_course
WHEN NEW.status = 'waitlisted'
    AND OLD.status <> 'waitlisted'
    AND NOT (NEW.version > OLD.version AND coalesce(NEW.overridden, '') LIKE '%"waitlist_full"%')
BEGIN
    SELECT RAISE(ABORT, 'waitlist_full')
    FROM course
    WHERE id = NEW.course_id
        AND waitlist_capacity IS NOT NULL
        AND waitlist_capacity < (
            SELECT count(*) FROM student_course
            WHERE course_id = NEW.course_id AND status = 'waitlisted'
        );
END;

CREATE TRIGGER student_course_update_needs_a_seat
AFTER UPDATE OF status ON student_course
WHEN NEW.status = 'enrolled'
    AND OLD.status <> 'enrolled'
    AND NOT (NEW.version > OLD.version AND coalesce(NEW.overridden, '') LIKE '%"course_full"%')
BEGIN
    SELECT RAISE(ABORT, 'course_full')
    FROM course
    WHERE id = NEW.course_id
        AND capacity IS NOT NULL
        AND capacity < (
            SELECT count(*) FROM student_course
            WHERE course_id = NEW.course_id AND status = 'enrolled'
        );
END;

CREATE TRIGGER student_course_version_never_falls
BEFORE UPDATE ON student_course
WHEN NEW.version < OLD.version
BEGIN
    SELECT RAISE(ABORT, 'the version of an enrolment never falls');
END;

CREATE TABLE student_course_event (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    student_id   INTEGER NOT NULL,
    course_id    INTEGER NOT NULL,
    from_status  TEXT,
    to_status    TEXT    NOT NULL,
    effective_at TEXT    NOT NULL,
    recorded_at  TEXT    NOT NULL,
    actor        TEXT,
    reason       TEXT,
    overridden   TEXT,
    place_of     INTEGER, corrects INTEGER, restores INTEGER, passed INTEGER, grade TEXT
    CONSTRAINT student_course_event_outcome_makes_sense
        CHECK (passed IN (0, 1) AND length(grade) BETWEEN 1 AND 10), queue_number INTEGER, queue_fraction TEXT, position INTEGER
    CONSTRAINT student_course_event_place_makes_sense CHECK (
        (queue_number IS NULL) = (queue_fraction IS NULL)
        AND queue_number >= 0
        AND queue_fraction <> ''
        AND queue_fraction NOT GLOB '*[^0-9]*'
        AND queue_fraction NOT LIKE '%0'
        AND position >= 1
    ), instead_of INTEGER
    CONSTRAINT student_course_event_waits_instead
        CHECK (instead_of IS NULL OR instead_of <> course_id AND to_status = 'waitlisted'),
    CONSTRAINT student_course_event_from_status_known
        CHECK (from_status IN ('enrolled', 'waitlisted', 'completed', 'dropped', 'void')),
    CONSTRAINT student_course_event_to_status_known
        CHECK (to_status IN ('enrolled', 'waitlisted', 'completed', 'dropped', 'void')),
    CONSTRAINT student_course_event_effective_at_is_time CHECK (
        effective_at IS strftime('%Y-%m-%dT%H:%M:%fZ', effective_at, '+0 days')
        AND effective_at <= recorded_at
    ),
    CONSTRAINT student_course_event_recorded_at_is_time
        CHECK (recorded_at IS strftime('%Y-%m-%dT%H:%M:%fZ', recorded_at, '+0 days')),
    CONSTRAINT student_course_event_overridden_is_a_list CHECK (overridden LIKE '["%"]')
) STRICT;

CREATE INDEX student_course_event_by_actor ON student_course_event (actor, id);

CREATE INDEX student_course_event_by_course ON student_course_event (course_id, id);

CREATE INDEX student_course_event_by_enrollment
ON student_course_event (student_id, course_id, id);

CREATE INDEX student_course_event_by_kind ON student_course_event (to_status, id) WHERE to_status <> 'enrolled';

CREATE INDEX student_course_event_by_time ON student_course_event (recorded_at, id);

CREATE INDEX student_course_event_that_corrects ON student_course_event (student_id, course_id, id)
WHERE corrects IS NOT NULL;

CREATE INDEX student_course_event_with_override ON student_course_event (id) WHERE overridden IS NOT NULL;

CREATE TRIGGER student_course_event_corrects_the_latest
AFTER INSERT ON student_course_event
WHEN NEW.corrects IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'history is append-only')
    WHERE NEW.to_status = 'void'
        AND NOT (
            NEW.restores IS NULL
            AND (NEW.corrects, NEW.effective_at) IS (
                SELECT id, effective_at FROM enrollment_event
                WHERE student_id = NEW.student_id
                    AND course_id = NEW.course_id
                    AND id < NEW.id
                    AND to_status <> 'void'
                    AND coalesce(superseded_by, NEW.id) = NEW.id
                ORDER BY id LIMIT 1
            )
        );
    SELECT RAISE(ABORT, 'history is append-only')
    WHERE NEW.to_status <> 'void'
        AND NOT (
            NEW.from_status IS NOT NEW.to_status
            AND (NEW.corrects, true) IS (
                SELECT id, to_status <> 'void' FROM enrollment_event
                WHERE student_id = NEW.student_id
                    AND course_id = NEW.course_id
                    AND id < NEW.id
                    AND from_status IS NOT to_status
                    AND coalesce(superseded_by, NEW.id) = NEW.id
                ORDER BY id DESC LIMIT 1
            )
            AND (
                NEW.restores IS NULL
                OR (NEW.restores, NEW.to_status, NEW.effective_at, NEW.passed, NEW.grade) IS (
                    SELECT id, to_status, effective_at, passed, grade FROM enrollment_event
                    WHERE student_id = NEW.student_id
                        AND course_id = NEW.course_id
                        AND id < NEW.corrects
                        AND from_status IS NOT to_status
                        AND coalesce(superseded_by, NEW.id) = NEW.id
                    ORDER BY id DESC LIMIT 1
                )
            )
            AND (NEW.from_status, true) IS (
                SELECT max(to_status), coalesce(max(to_status = 'void' OR effective_at <= NEW.effective_at), true)
                FROM (
                    SELECT to_status, effective_at FROM enrollment_event
                    WHERE student_id = NEW.student_id
                        AND course_id = NEW.course_id
                        AND id < coalesce(NEW.restores, NEW.corrects)
                        AND superseded_by IS NULL
                    ORDER BY id DESC LIMIT 1
                )
            )
            AND NEW.place_of IS (
                SELECT iif(to_status = 'waitlisted' AND NEW.to_status = 'waitlisted', coalesce(place_of, id), NULL)
                FROM student_course_event
                WHERE id = coalesce(NEW.restores, NEW.corrects)
            )
            AND (NEW.queue_number, NEW.queue_fraction) IS (
                SELECT max(queue_number), max(queue_fraction)
                FROM (
                    SELECT queue_number, queue_fraction FROM enrollment_event
                    WHERE NEW.to_status = 'waitlisted'
                        AND student_id = NEW.student_id
                        AND course_id = NEW.course_id
                        AND id BETWEEN coalesce(NEW.restores, NEW.corrects) AND NEW.corrects
                        AND queue_number IS NOT NULL
                        AND coalesce(superseded_by, NEW.id) = NEW.id
                    ORDER BY id DESC LIMIT 1
                )
            )
        );
END;

-- Refuses an event that has a gap before it, or does not continue its enrollment's last one.
CREATE TRIGGER student_course_event_follows_the_last
AFTER INSERT ON student_course_event
WHEN NEW.id <> 1 + coalesce(
        (SELECT id FROM student_course_event WHERE id <> NEW.id ORDER BY id DESC LIMIT 1), 0
    )
    OR NOT EXISTS (
        SELECT 1 FROM student_course
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND status = NEW.to_status
    )
    OR (NEW.passed IS NOT NULL) <> (NEW.to_status = 'completed')
    OR NEW.grade IS NOT NULL AND NEW.to_status <> 'completed'
    OR NEW.corrects IS NULL
    AND (NEW.restores IS NOT NULL OR NEW.to_status = 'void' AND NEW.from_status IS NOT 'void')
    OR (NEW.corrects IS NULL OR NEW.to_status = 'void')
    AND NEW.from_status IS NOT (
        SELECT to_status FROM student_course_event
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND id < NEW.id
        ORDER BY id DESC LIMIT 1
    )
    OR EXISTS (
        SELECT 1
        FROM (
            SELECT effective_at, recorded_at FROM student_course_event
            WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND id < NEW.id
            ORDER BY id DESC LIMIT 1
        ) AS last
        WHERE NEW.recorded_at < last.recorded_at
            OR NEW.effective_at < last.effective_at
            AND NEW.corrects IS NULL
            AND 'void' NOT IN (NEW.from_status, NEW.to_status)
    )
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE TRIGGER student_course_event_is_never_deleted
BEFORE DELETE ON student_course_event
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE TRIGGER student_course_event_is_never_replaced
BEFORE INSERT ON student_course_event
WHEN EXISTS (SELECT 1 FROM student_course_event WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE TRIGGER student_course_event_is_never_updated
BEFORE UPDATE ON student_course_event
WHEN NEW.id <> OLD.id
    OR NEW.student_id <> OLD.student_id
    OR NEW.course_id <> OLD.course_id
    OR NEW.from_status IS NOT OLD.from_status
    OR NEW.to_status <> OLD.to_status
    OR NEW.effective_at <> OLD.effective_at
    OR NEW.recorded_at <> OLD.recorded_at
    OR NEW.overridden IS NOT OLD.overridden
    OR NEW.place_of IS NOT OLD.place_of
    OR NEW.corrects IS NOT OLD.corrects
    OR NEW.restores IS NOT OLD.restores
    OR NEW.passed IS NOT OLD.passed
    OR NEW.grade IS NOT OLD.grade
    OR NEW.instead_of IS NOT OLD.instead_of
    OR (NEW.queue_number, NEW.queue_fraction, NEW.position)
        IS NOT (OLD.queue_number, OLD.queue_fraction, OLD.position)
    OR NOT (
        NEW.reason IS OLD.reason
        OR NEW.reason IS NULL AND EXISTS (SELECT 1 FROM erasure WHERE student_id = OLD.student_id)
    )
    OR NOT (
        NEW.actor IS OLD.actor
        OR EXISTS (SELECT 1 FROM erased_actor WHERE actor = OLD.actor AND remains = NEW.actor)
    )
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE TRIGGER student_course_event_moves_on_the_waitlist
BEFORE INSERT ON student_course_event
WHEN coalesce(NEW.queue_number, NEW.queue_fraction, NEW.position) IS NOT NULL
    AND NEW.corrects IS NULL
    AND (
        NEW.from_status IS NOT 'waitlisted'
        OR NEW.to_status <> 'waitlisted'
        OR NEW.reason IS NULL
        OR NEW.position IS NULL
        OR EXISTS (
            SELECT 1 FROM student_course
            WHERE course_id = NEW.course_id AND status = 'waitlisted'
                AND queue_number = NEW.queue_number AND queue_fraction = NEW.queue_fraction
                AND student_id <> NEW.student_id
        )
    )
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

CREATE TRIGGER student_course_event_takes_over_a_free_place
BEFORE INSERT ON student_course_event
WHEN NEW.place_of IS NOT NULL
    AND NEW.corrects IS NULL
    AND (
        NEW.to_status <> 'waitlisted'
        OR NEW.from_status IS 'waitlisted'
        OR NOT EXISTS (
            SELECT 1 FROM student_course_event AS first
            WHERE first.id = NEW.place_of
                AND first.course_id = NEW.course_id
                AND first.to_status = 'waitlisted'
                AND first.from_status IS NOT 'waitlisted'
                AND NOT EXISTS (
                    SELECT 1 FROM student_course
                    WHERE student_id = first.student_id AND course_id = first.course_id
                        AND student_id <> NEW.student_id AND status <> 'void'
                )
        )
        OR EXISTS (
            SELECT 1 FROM student_course
            WHERE course_id = NEW.course_id AND status = 'waitlisted'
                AND queue_number = NEW.place_of AND queue_fraction = ''
        )
    )
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

CREATE TRIGGER student_course_follows_a_correction
AFTER INSERT ON student_course_event
WHEN NEW.corrects IS NOT NULL
BEGIN
    UPDATE student_course
    SET (enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade, passed_at) = (
        SELECT enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade, passed_at
        FROM enrollment_version
        WHERE event_id = NEW.id
    )
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
END;

CREATE TRIGGER student_course_outcome_follows_the_events
AFTER INSERT ON student_course_event
WHEN NEW.to_status = 'completed' AND NEW.corrects IS NULL
BEGIN
    UPDATE student_course
    SET passed = NEW.passed,
        grade = NEW.grade,
        passed_at = iif(NEW.passed, NEW.effective_at, passed_at)
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
END;

-- Sets the queue number to the id of the event by which the student joined the waitlist.
CREATE TRIGGER student_course_queue_follows_the_events
AFTER INSERT ON student_course_event
WHEN 'waitlisted' IN (NEW.from_status, NEW.to_status) OR NEW.corrects IS NOT NULL
BEGIN
    UPDATE student_course
    SET (queue_number, queue_fraction) = (
        SELECT coalesce(last.queue_number, last.place_of, last.id, 0), coalesce(last.queue_fraction, '')
        FROM (SELECT 1)
        LEFT JOIN (
            SELECT id, place_of, queue_number, queue_fraction FROM enrollment_event
            WHERE student_id = NEW.student_id
                AND course_id = NEW.course_id
                AND to_status = 'waitlisted'
                AND (from_status IS NOT 'waitlisted' OR queue_number IS NOT NULL)
                AND superseded_by IS NULL
                AND NEW.to_status = 'waitlisted'
            ORDER BY id DESC LIMIT 1
        ) AS last
    )
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
END;

CREATE TABLE student_word (
    word       TEXT    NOT NULL,
    student_id INTEGER NOT NULL,
    CONSTRAINT student_word_key PRIMARY KEY (word, student_id),
    CONSTRAINT student_word_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX student_word_by_student ON student_word (student_id);

CREATE TABLE term (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    code        TEXT    NOT NULL COLLATE NOCASE,
    title       TEXT    NOT NULL COLLATE NOCASE,
    start_on    TEXT    NOT NULL,
    end_on      TEXT    NOT NULL,
    max_credits REAL,
    updated_at  TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    version     INTEGER NOT NULL DEFAULT 1, first_day INTEGER
    GENERATED ALWAYS AS (CAST(julianday(start_on) - 2440587.5 AS INTEGER)) VIRTUAL, last_day INTEGER
    GENERATED ALWAYS AS (CAST(julianday(end_on) - 2440587.5 AS INTEGER)) VIRTUAL, drop_until TEXT
    CONSTRAINT term_drop_until_is_time CHECK (drop_until IS strftime('%Y-%m-%dT%H:%M:%fZ', drop_until, '+0 days')), enroll_from TEXT
    CONSTRAINT term_enroll_from_is_time
        CHECK (enroll_from IS strftime('%Y-%m-%dT%H:%M:%fZ', enroll_from, '+0 days')), enroll_until TEXT
    CONSTRAINT term_enroll_until_is_time
        CHECK (enroll_until IS strftime('%Y-%m-%dT%H:%M:%fZ', enroll_until, '+0 days'))
    CONSTRAINT term_enroll_window_runs_forward CHECK (enroll_from < enroll_until),
    CONSTRAINT term_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT term_code_unique UNIQUE (code),
    CONSTRAINT term_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT term_start_on_is_date CHECK (start_on IS date(start_on, '+0 days')),
    CONSTRAINT term_end_on_is_date CHECK (end_on IS date(end_on, '+0 days')),
    CONSTRAINT term_ends_after_start CHECK (start_on <= end_on),
    CONSTRAINT term_max_credits_range CHECK (max_credits BETWEEN 0 AND 1000),
    CONSTRAINT term_updated_at_is_time
        CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at, '+0 days')),
    CONSTRAINT term_version_positive CHECK (version >= 1)
) STRICT;

CREATE TRIGGER course_term_follows_the_case
AFTER UPDATE OF code ON term
WHEN NEW.code <> OLD.code COLLATE BINARY
BEGIN
    UPDATE course SET term = NEW.code WHERE term = NEW.code AND term <> NEW.code COLLATE BINARY;
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
        ('max_credits', OLD.max_credits, NULL),
        ('drop_until', OLD.drop_until, NULL),
        ('enroll_from', OLD.enroll_from, NULL),
        ('enroll_until', OLD.enroll_until, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('term', OLD.id, OLD.version, 'deleted', NULL);
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
        ('max_credits', NULL, NEW.max_credits),
        ('drop_until', NULL, NEW.drop_until),
        ('enroll_from', NULL, NEW.enroll_from),
        ('enroll_until', NULL, NEW.enroll_until);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('term', NEW.id, NEW.version, 'created', NULL);
END;

CREATE TRIGGER term_is_never_replaced
BEFORE INSERT ON term
WHEN EXISTS (SELECT 1 FROM term WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a term is updated, never replaced');
END;

CREATE TRIGGER term_update_is_dated
AFTER UPDATE ON term
WHEN NEW.updated_at < OLD.updated_at
    OR NEW.updated_at = OLD.updated_at AND NEW.updated_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN
    UPDATE term SET updated_at = max(OLD.updated_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    WHERE id = NEW.id;
END;

CREATE TRIGGER term_update_leaves_a_change
AFTER UPDATE OF code, title, start_on, end_on, max_credits, drop_until, enroll_from,
    enroll_until ON term
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NEW.code),
        ('title', OLD.title, NEW.title),
        ('start_on', OLD.start_on, NEW.start_on),
        ('end_on', OLD.end_on, NEW.end_on),
        ('max_credits', OLD.max_credits, NEW.max_credits),
        ('drop_until', OLD.drop_until, NEW.drop_until),
        ('enroll_from', OLD.enroll_from, NEW.enroll_from),
        ('enroll_until', OLD.enroll_until, NEW.enroll_until);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('term', NEW.id, NEW.version, 'changed', NULL);
END;

CREATE TABLE token (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    student_id   INTEGER,
    lookup       TEXT    NOT NULL,
    digest       TEXT    NOT NULL,
    created_at   TEXT    NOT NULL,
    created_by   TEXT    NOT NULL,
    expires_at   TEXT,
    last_used_at TEXT,
    revoked_at   TEXT,
    revoked_by   TEXT,
    version      INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT token_lookup_unique UNIQUE (lookup),
    CONSTRAINT token_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT token_name_length CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT token_role_known CHECK (role IN ('monitor', 'reader', 'registrar', 'student', 'admin')),
    CONSTRAINT token_of_a_student_has_one CHECK ((role = 'student') = (student_id IS NOT NULL)),
    CONSTRAINT token_digest_form CHECK (digest GLOB replace(hex(zeroblob(32)), '0', '[0-9a-f]')),
    CONSTRAINT token_times_are_times CHECK (
        created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at, '+0 days')
        AND expires_at IS strftime('%Y-%m-%dT%H:%M:%fZ', expires_at, '+0 days')
        AND last_used_at IS strftime('%Y-%m-%dT%H:%M:%fZ', last_used_at, '+0 days')
        AND revoked_at IS strftime('%Y-%m-%dT%H:%M:%fZ', revoked_at, '+0 days')
    ),
    CONSTRAINT token_revoked_by_someone CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)),
    CONSTRAINT token_version_positive CHECK (version >= 1)
) STRICT;

CREATE INDEX token_by_student ON token (student_id);

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

CREATE TRIGGER token_is_never_replaced
BEFORE INSERT ON token
WHEN EXISTS (SELECT 1 FROM token WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a token is updated, never replaced');
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

CREATE VIEW admission AS
SELECT course.id AS course_id, student.id AS student_id
FROM course
CROSS JOIN json_each(course.open_to) AS allowed
CROSS JOIN student
CROSS JOIN json_each(student.groups) AS own
WHERE lower(own.value) = lower(allowed.value);

CREATE VIEW change_to_record AS
SELECT subject, subject_id, part, version, 'changed' AS kind FROM record_change;

-- Makes one change on record of the columns that differ.
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
            '"' || name || '":' || CASE
                WHEN before IS NULL THEN 'null'
                WHEN name IN ('groups', 'open_to', 'early_access', 'counts_as') THEN before
                WHEN typeof(before) = 'text' THEN '"' || replace(replace(before, char(92), char(92, 92)), '"', char(92) || '"') || '"'
                ELSE before
            END AS before,
            '"' || name || '":' || CASE
                WHEN after IS NULL THEN 'null'
                WHEN name IN ('groups', 'open_to', 'early_access', 'counts_as') THEN after
                WHEN typeof(after) = 'text' THEN '"' || replace(replace(after, char(92), char(92, 92)), '"', char(92) || '"') || '"'
                ELSE after
            END AS after
        FROM changed_column
        WHERE before IS NOT after
        ORDER BY rowid
    ) AS differing
    HAVING count(*) > 0;
    DELETE FROM changed_column;
END;

CREATE VIEW code_list_to_check AS
SELECT '[]' AS codes;

CREATE TRIGGER code_list_to_check_is_checked
INSTEAD OF INSERT ON code_list_to_check
WHEN NEW.codes <> '[]' AND NEW.codes LIKE '[%]'
BEGIN
    SELECT RAISE(ABORT, 'a list of codes has each code once, without white space')
    WHERE EXISTS (
        SELECT count(*) FROM json_each(NEW.codes)
        -- Put together again, texts without quotes and backslashes are what they were.
        HAVING NEW.codes <> coalesce('["' || group_concat(value, '","') || '"]', '')
            OR count(*) > count(DISTINCT lower(value))
            OR min(length(value)) < 1
            OR max(length(value)) > 32
            OR sum(value GLOB '*[' || char(1) || '-' || char(31) || ']*') > 0
    );
END;

CREATE VIEW course_search AS
SELECT DISTINCT course.id AS course_id, word.value AS word
FROM course
CROSS JOIN json_each(
    (
        WITH RECURSIVE spelled (text, place, key) AS (
            SELECT
                words || CASE
                    WHEN words GLOB '*[''’]*'
                        THEN ' ' || replace(replace(words, '''', ' '), '’', ' ')
                    ELSE ''
                END,
                0, ''
            FROM (
                SELECT
                    code || ' ' || coalesce(section, '') || ' ' || title || ' ' || coalesce(instructor, '')
                        AS words
            ) AS course_text
            UNION ALL
            SELECT text, place + 1, key || coalesce(
                    (SELECT base FROM letter WHERE letter = substr(text, place + 1, 1)),
                    substr(text, place + 1, 1)
                )
            FROM spelled
            WHERE place < length(text)
        )
        SELECT '["' || replace(key, ' ', '","') || '"]' FROM spelled WHERE place = length(text)
    )
) AS word
WHERE word.value <> '';

CREATE VIEW course_seat AS
SELECT
    id AS course_id, capacity,
    (
        SELECT count(*) FROM student_course
        WHERE course_id = course.id AND status = 'enrolled'
    ) AS enrolled,
    (
        SELECT count(*) FROM student_course
        WHERE course_id = course.id AND status = 'waitlisted'
    ) AS waitlisted
FROM course;

CREATE VIEW early_admission AS
SELECT course.id AS course_id, student.id AS student_id, early.value AS enroll_from
FROM course
CROSS JOIN json_each(course.early_access) AS early
CROSS JOIN student
CROSS JOIN json_each(student.groups) AS own
WHERE lower(own.value) = lower(early.key);

CREATE VIEW enrollment AS
SELECT
    student_id, course_id, status, queue_number, queue_fraction,
    CASE
        WHEN status = 'waitlisted' THEN (
            SELECT count(*) FROM student_course AS ahead
            WHERE ahead.course_id = student_course.course_id
                AND ahead.status = 'waitlisted'
                AND (ahead.queue_number, ahead.queue_fraction)
                    <= (student_course.queue_number, student_course.queue_fraction)
        )
    END AS position,
    enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade, passed_at, version,
    CASE WHEN status = 'waitlisted' THEN instead_of END AS instead_of
FROM student_course
WHERE status <> 'void';

CREATE VIEW enrollment_event AS
SELECT
    id, student_id, course_id, from_status, to_status, effective_at, recorded_at, place_of, passed, grade,
    queue_number, queue_fraction,
    (
        SELECT min(later.id) FROM student_course_event AS later
        WHERE later.student_id = event.student_id AND later.course_id = event.course_id
            AND later.corrects IS NOT NULL
            AND later.id > event.id
            AND coalesce(later.restores, later.corrects) <= event.id
    ) AS superseded_by,
    (
        SELECT min(later.recorded_at) FROM student_course_event AS later
        WHERE later.student_id = event.student_id AND later.course_id = event.course_id
            AND later.corrects IS NOT NULL
            AND later.id > event.id
            AND coalesce(later.restores, later.corrects) <= event.id
    ) AS superseded_at
FROM student_course_event AS event;

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

CREATE VIEW enrollment_version AS
SELECT
    last.id AS event_id, last.student_id, last.course_id, last.to_status AS status,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'enrolled' AND event.from_status IS DISTINCT FROM 'enrolled'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS enrolled_at,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'waitlisted' AND event.from_status IS DISTINCT FROM 'waitlisted'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS waitlisted_at,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed' AND event.from_status IS DISTINCT FROM 'completed'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS completed_at,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'dropped' AND event.from_status IS DISTINCT FROM 'dropped'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS dropped_at,
    (
        SELECT passed FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed'
            AND coalesce(event.superseded_by > last.id, true)
        ORDER BY event.id DESC LIMIT 1
    ) AS passed,
    (
        SELECT grade FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed'
            AND coalesce(event.superseded_by > last.id, true)
        ORDER BY event.id DESC LIMIT 1
    ) AS grade,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.passed = 1
            AND coalesce(event.superseded_by > last.id, true)
    ) AS passed_at,
    (
        SELECT count(*) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
    ) AS version
FROM student_course_event AS last
WHERE last.to_status <> 'void';

CREATE VIEW erased_actor AS
SELECT token.name || ' #' || token.id AS actor, '#' || token.id AS remains
FROM erasure
JOIN token ON token.student_id = erasure.student_id;

CREATE VIEW exported_record AS
SELECT id, coalesce(first_id, id) AS first_id, import_id, source, kind, sourced_id, is_deleted, content, taken,
    user_ref, class_ref, student_id, term_id, course_id, event_id
FROM source_record AS record
WHERE is_current = 1
    AND NOT EXISTS (
        SELECT 1 FROM source_record AS other
        WHERE other.kind = record.kind
            AND other.sourced_id = record.sourced_id
            AND other.is_current = 1
            AND coalesce(other.first_id, other.id) < coalesce(record.first_id, record.id)
    );

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

CREATE VIEW passed_code AS
SELECT student_course.student_id, course_code.code
FROM student_course
CROSS JOIN course_code
WHERE student_course.passed_at IS NOT NULL AND course_code.course_id = student_course.course_id;

CREATE VIEW student_search AS
SELECT DISTINCT student.id AS student_id, word.value AS word
FROM student
CROSS JOIN json_each(
    (
        WITH RECURSIVE spelled (text, place, key) AS (
            SELECT
                coalesce(number, '') || ' ' || coalesce(email, '') || CASE
                    WHEN family_name || coalesce(given_name, '') GLOB '*[''’]*'
                        THEN ' ' || replace(
                            replace(family_name || ' ' || coalesce(given_name, ''), '''', ' '), '’', ' '
                        )
                    ELSE ''
                END,
                0, ''
            UNION ALL
            SELECT text, place + 1, key || coalesce(
                    (SELECT base FROM letter WHERE letter = substr(text, place + 1, 1)),
                    substr(text, place + 1, 1)
                )
            FROM spelled
            WHERE place < length(text)
        )
        SELECT '["' || replace(family_sort || ' ' || given_sort || ' ' || key, ' ', '","') || '"]'
        FROM spelled
        WHERE place = length(text)
    )
) AS word
WHERE word.value <> '';

CREATE VIEW student_sort AS
SELECT
    id AS student_id,
    (
        WITH RECURSIVE spelled (place, key) AS (
            SELECT 0, ''
            UNION ALL
            SELECT place + 1, key || coalesce(
                    (SELECT base FROM letter WHERE letter = substr(family_name, place + 1, 1)),
                    substr(family_name, place + 1, 1)
                )
            FROM spelled
            WHERE place < length(family_name)
        )
        SELECT key FROM spelled WHERE place = length(family_name)
    ) AS family_sort,
    coalesce(
        (
            WITH RECURSIVE spelled (place, key) AS (
                SELECT 0, ''
                UNION ALL
                SELECT place + 1, key || coalesce(
                        (SELECT base FROM letter WHERE letter = substr(given_name, place + 1, 1)),
                        substr(given_name, place + 1, 1)
                    )
                FROM spelled
                WHERE place < length(given_name)
            )
            SELECT key FROM spelled WHERE place = length(given_name)
        ),
        ''
    ) AS given_sort
FROM student;

CREATE VIEW swap AS
SELECT waiting.student_id, waiting.course_id, waiting.instead_of
FROM student_course AS waiting
CROSS JOIN student_course AS other
WHERE waiting.status = 'waitlisted'
    AND other.student_id = waiting.student_id
    AND other.course_id = waiting.instead_of
    AND other.status = 'enrolled';
