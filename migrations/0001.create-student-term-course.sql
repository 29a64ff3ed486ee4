-- The people, the terms and the courses that an enrolment will join.
-- depends:

-- A day or a moment is one that exists if adding no days to it leaves it as it is.

-- AUTOINCREMENT: an id is never given twice, so history cannot pass to another
-- student or course (https://www.sqlite.org/autoinc.html).
CREATE TABLE student (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    given_name  TEXT    NOT NULL COLLATE NOCASE,
    family_name TEXT    NOT NULL COLLATE NOCASE,
    email       TEXT    COLLATE NOCASE,
    status      TEXT    NOT NULL DEFAULT 'active',
    version     INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT student_given_name_length CHECK (length(given_name) BETWEEN 1 AND 100),
    CONSTRAINT student_family_name_length CHECK (length(family_name) BETWEEN 1 AND 100),
    CONSTRAINT student_email_form CHECK (length(email) <= 254 AND email LIKE '_%@_%'),
    CONSTRAINT student_email_unique UNIQUE (email),
    CONSTRAINT student_status_known CHECK (status IN ('active', 'inactive')),
    CONSTRAINT student_version_positive CHECK (version >= 1)
) STRICT;

CREATE INDEX student_by_name ON student (family_name, given_name);

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

-- A course names its term by the term's code, so that a row can be read as it stands.
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
    version           INTEGER NOT NULL DEFAULT 1,
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

CREATE INDEX course_by_code ON course (code);

-- UNIQUE (term, code) holds no two absent terms to be alike; this does.
CREATE UNIQUE INDEX course_code_unique_without_term ON course (code) WHERE term IS NULL;

-- The cascade of the foreign key takes a code that changes only in case for the same.
CREATE TRIGGER course_term_follows_the_case
AFTER UPDATE OF code ON term
WHEN NEW.code <> OLD.code COLLATE BINARY
BEGIN
    UPDATE course SET term = NEW.code WHERE term = NEW.code AND term <> NEW.code COLLATE BINARY;
END;

-- A term that is given another code rewrites its courses: their version says so.
CREATE TRIGGER course_version_follows_term
AFTER UPDATE OF term ON course
WHEN NEW.term IS NOT OLD.term COLLATE BINARY AND NEW.version = OLD.version
BEGIN
    UPDATE course SET version = version + 1 WHERE id = NEW.id;
END;
