-- Gives the school a name and a key, for exports to other systems.
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
