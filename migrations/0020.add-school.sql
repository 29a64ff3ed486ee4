-- This database to others: what the ids of its records begin with in files for other systems, so that they are no
-- other school's, and what it is called. An export keeps both: a receiver knows the records again by their ids.
-- depends: 0015.add-void

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
