-- Takes sections, instructors, rooms and the dates of changes away. Where a code runs in several sections in a
-- term, the code of each becomes its label, such as ENG101-02; one that would be too long or taken is numbered.

CREATE TEMP TABLE old_course AS
SELECT
    id,
    CASE
        WHEN courses = 1 OR section IS NULL THEN code
        WHEN length(label) <= 32 AND NOT is_taken AND turn = 1 THEN label
        ELSE substr(code, 1, 31 - length(id)) || '-' || id
    END AS code,
    title, term, credits, capacity, waitlist_capacity, enroll_from, enroll_until, status, version, repeatable,
    promotion
FROM (
    SELECT
        id, code, section, label, title, term, credits, capacity, waitlist_capacity, enroll_from, enroll_until, status,
        version, repeatable, promotion,
        count(*) OVER (PARTITION BY term, code) AS courses,
        EXISTS (
            SELECT 1 FROM course AS other
            WHERE other.term IS course.term AND other.code = course.label AND other.id <> course.id
        ) AS is_taken,
        row_number() OVER (PARTITION BY term, label ORDER BY id) AS turn
    FROM course
) AS sectioned;

CREATE TEMP TABLE old_term AS
SELECT id, code, title, start_on, end_on, max_credits, version
FROM term;

-- The highest ids ever given: no id is given twice.
CREATE TEMP TABLE old_sequence AS
SELECT name, seq FROM sqlite_sequence WHERE name IN ('course', 'term');

ALTER TABLE course_meeting DROP COLUMN room;

DROP TABLE course;

DROP TABLE term;

CREATE TABLE term (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    code        TEXT    NOT NULL COLLATE NOCASE,
    title       TEXT    NOT NULL COLLATE NOCASE,
    start_on    TEXT    NOT NULL,
    end_on      TEXT    NOT NULL,
    max_credits REAL,
    version     INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT term_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT term_code_unique UNIQUE (code),
    CONSTRAINT term_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT term_start_on_is_date CHECK (start_on IS date(start_on, '+0 days')),
    CONSTRAINT term_end_on_is_date CHECK (end_on IS date(end_on, '+0 days')),
    CONSTRAINT term_ends_after_start CHECK (start_on <= end_on),
    CONSTRAINT term_max_credits_range CHECK (max_credits BETWEEN 0 AND 1000),
    CONSTRAINT term_version_positive CHECK (version >= 1)
) STRICT;

INSERT INTO term (id, code, title, start_on, end_on, max_credits, version)
SELECT id, code, title, start_on, end_on, max_credits, version
FROM old_term
ORDER BY id;

-- Columns that a migration added stand where SQLite puts them.
CREATE TABLE course (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    code              TEXT    NOT NULL COLLATE NOCASE,
    title             TEXT    NOT NULL COLLATE NOCASE,
    term              TEXT    COLLATE NOCASE,
    credits           REAL    NOT NULL DEFAULT 0,
    capacity          INTEGER,
    waitlist_capacity INTEGER,
    enroll_from       TEXT,
    enroll_until      TEXT,
    status            TEXT    NOT NULL DEFAULT 'open',
    version           INTEGER NOT NULL DEFAULT 1, repeatable INTEGER NOT NULL DEFAULT 0
    CONSTRAINT course_repeatable_is_yes_or_no CHECK (repeatable IN (0, 1)), promotion TEXT NOT NULL DEFAULT 'automatic'
    CONSTRAINT course_promotion_known CHECK (promotion IN ('automatic', 'manual')),
    CONSTRAINT course_term_exists FOREIGN KEY (term) REFERENCES term (code)
        ON UPDATE CASCADE ON DELETE RESTRICT,
    CONSTRAINT course_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT course_code_unique UNIQUE (term, code),
    CONSTRAINT course_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT course_credits_range CHECK (credits BETWEEN 0 AND 1000),
    CONSTRAINT course_capacity_range CHECK (capacity BETWEEN 0 AND 1000000),
    CONSTRAINT course_waitlist_capacity_range CHECK (waitlist_capacity BETWEEN 0 AND 1000000),
    CONSTRAINT course_enroll_from_is_time
        CHECK (enroll_from IS strftime('%Y-%m-%dT%H:%M:%fZ', enroll_from, '+0 days')),
    CONSTRAINT course_enroll_until_is_time
        CHECK (enroll_until IS strftime('%Y-%m-%dT%H:%M:%fZ', enroll_until, '+0 days')),
    CONSTRAINT course_enroll_window_runs_forward CHECK (enroll_from < enroll_until),
    CONSTRAINT course_status_known CHECK (status IN ('open', 'closed', 'cancelled')),
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

CREATE INDEX course_by_code ON course (code);

CREATE UNIQUE INDEX course_code_unique_without_term ON course (code) WHERE term IS NULL;

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

DELETE FROM sqlite_sequence WHERE name IN ('course', 'term');

INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM old_sequence;

DROP TABLE old_course;

DROP TABLE old_term;

DROP TABLE old_sequence;
