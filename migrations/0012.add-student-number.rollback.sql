-- Takes away the numbers. What the older schema cannot hold is changed: a student with one name gets the given
-- name '-', of several students with one email all but the first lose it, and long names are cut off.

CREATE TEMP TABLE old_student AS
SELECT id, given_name, family_name, email, status, version, max_credits
FROM student;

UPDATE old_student
SET given_name = substr(coalesce(given_name, '-'), 1, 100),
    family_name = substr(family_name, 1, 100);

CREATE INDEX old_student_by_email ON old_student (email COLLATE NOCASE, id);

UPDATE old_student
SET email = NULL
WHERE EXISTS (
    SELECT 1 FROM old_student AS first
    WHERE first.email = old_student.email COLLATE NOCASE AND first.id < old_student.id
);

CREATE TEMP TABLE old_sequence AS
SELECT name, seq FROM sqlite_sequence WHERE name = 'student';

DROP VIEW student_sort;

DROP TABLE student;

DROP TABLE letter;

CREATE TABLE student (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    given_name  TEXT    NOT NULL COLLATE NOCASE,
    family_name TEXT    NOT NULL COLLATE NOCASE,
    email       TEXT    COLLATE NOCASE,
    status      TEXT    NOT NULL DEFAULT 'active',
    version     INTEGER NOT NULL DEFAULT 1, max_credits REAL
    CONSTRAINT student_max_credits_range CHECK (max_credits BETWEEN 0 AND 1000),
    CONSTRAINT student_given_name_length CHECK (length(given_name) BETWEEN 1 AND 100),
    CONSTRAINT student_family_name_length CHECK (length(family_name) BETWEEN 1 AND 100),
    CONSTRAINT student_email_form CHECK (length(email) <= 254 AND email LIKE '_%@_%'),
    CONSTRAINT student_email_unique UNIQUE (email),
    CONSTRAINT student_status_known CHECK (status IN ('active', 'inactive')),
    CONSTRAINT student_version_positive CHECK (version >= 1)
) STRICT;

INSERT INTO student (id, given_name, family_name, email, status, version, max_credits)
SELECT id, given_name, family_name, email, status, version, max_credits
FROM old_student
ORDER BY id;

CREATE INDEX student_by_name ON student (family_name, given_name);

DELETE FROM sqlite_sequence WHERE name = 'student';

INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM old_sequence;

DROP TABLE old_student;

DROP TABLE old_sequence;

CREATE TRIGGER student_with_enrolments_stays
BEFORE DELETE ON student
WHEN EXISTS (SELECT 1 FROM student_course WHERE student_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'a student who has enrolments is not deleted');
END;

CREATE TRIGGER student_keeps_its_id
BEFORE UPDATE OF id ON student
WHEN NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'a student keeps the id');
END;
