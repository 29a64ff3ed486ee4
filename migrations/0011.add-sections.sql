-- A course can run in several sections, with an instructor and rooms; and a change of a course or term is dated.
-- depends: 0010.add-monitor-role

ALTER TABLE course_meeting ADD COLUMN room TEXT
    CONSTRAINT course_meeting_room_length CHECK (length(room) BETWEEN 1 AND 100);

-- SQLite cannot drop a constraint or add a column whose default is the time, so both tables are made again, as in
-- 0010. Foreign keys are off during a migration.
CREATE TEMP TABLE old_course AS
SELECT id, code, title, term, credits, capacity, waitlist_capacity, enroll_from, enroll_until, status,
    version, repeatable, promotion
FROM course;

CREATE TEMP TABLE old_term AS
SELECT id, code, title, start_on, end_on, max_credits, version
FROM term;

-- The highest ids ever given: no id is given twice.
CREATE TEMP TABLE old_sequence AS
SELECT name, seq FROM sqlite_sequence WHERE name IN ('course', 'term');

DROP TABLE course;

DROP TABLE term;

CREATE TABLE term (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    code        TEXT    NOT NULL COLLATE NOCASE,
    title       TEXT    NOT NULL COLLATE NOCASE,
    start_on    TEXT    NOT NULL,
    end_on      TEXT    NOT NULL,
    max_credits REAL,
    updated_at  TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    version     INTEGER NOT NULL DEFAULT 1,
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

INSERT INTO term (id, code, title, start_on, end_on, max_credits, version)
SELECT id, code, title, start_on, end_on, max_credits, version
FROM old_term
ORDER BY id;

-- `label` is how a course is shown: its code, with its section if it has one. Within a term and a code it is
-- different for each section, and never NULL; so it makes a course without a section unique too.
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
    version           INTEGER NOT NULL DEFAULT 1,
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

INSERT INTO course (
    id, code, title, term, credits, capacity, waitlist_capacity, enroll_from, enroll_until, status,
    version, repeatable, promotion
)
SELECT id, code, title, term, credits, capacity, waitlist_capacity, enroll_from, enroll_until, status,
    version, repeatable, promotion
FROM old_course
ORDER BY id;

CREATE INDEX course_by_code ON course (code, label);

CREATE UNIQUE INDEX course_code_unique_without_term ON course (code, label) WHERE term IS NULL;

CREATE TRIGGER course_keeps_its_id
BEFORE UPDATE OF id ON course
WHEN NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'a course keeps the id');
END;

CREATE TRIGGER course_version_follows_term
AFTER UPDATE OF term ON course
WHEN NEW.term IS NOT OLD.term COLLATE BINARY AND NEW.version = OLD.version
BEGIN
    UPDATE course SET version = version + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER course_with_enrolments_stays
BEFORE DELETE ON course
WHEN EXISTS (SELECT 1 FROM student_course WHERE course_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'a course that has enrolments is not deleted');
END;

CREATE TRIGGER course_term_follows_the_case
AFTER UPDATE OF code ON term
WHEN NEW.code <> OLD.code COLLATE BINARY
BEGIN
    UPDATE course SET term = NEW.code WHERE term = NEW.code AND term <> NEW.code COLLATE BINARY;
END;

-- The service sets `updated_at` itself. A write that leaves it as it was, or sets it back, is dated now.
CREATE TRIGGER course_update_is_dated
AFTER UPDATE ON course
WHEN NEW.updated_at < OLD.updated_at
    OR NEW.updated_at = OLD.updated_at AND NEW.updated_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN
    UPDATE course SET updated_at = max(OLD.updated_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    WHERE id = NEW.id;
END;

CREATE TRIGGER term_update_is_dated
AFTER UPDATE ON term
WHEN NEW.updated_at < OLD.updated_at
    OR NEW.updated_at = OLD.updated_at AND NEW.updated_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN
    UPDATE term SET updated_at = max(OLD.updated_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    WHERE id = NEW.id;
END;

DELETE FROM sqlite_sequence WHERE name IN ('course', 'term');

INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM old_sequence;

DROP TABLE old_course;

DROP TABLE old_term;

DROP TABLE old_sequence;
