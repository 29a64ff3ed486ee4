-- Students and courses are found by how any word of theirs begins.
-- depends: 0012.add-student-number

-- Ordinary tables, not FTS5: before SQLite 3.44, FTS5 in a trigger is refused wherever the schema is not trusted, as
-- in the service and the shell of SQLite (https://www.sqlite.org/pragma.html#pragma_trusted_schema).
CREATE TABLE student_word (
    word       TEXT    NOT NULL,
    student_id INTEGER NOT NULL,
    CONSTRAINT student_word_key PRIMARY KEY (word, student_id),
    CONSTRAINT student_word_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE course_word (
    word      TEXT    NOT NULL,
    course_id INTEGER NOT NULL,
    CONSTRAINT course_word_key PRIMARY KEY (word, course_id),
    CONSTRAINT course_word_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- By which words is a student found? Names, number and email; O'Brien as obrien, o and brien.
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

-- By which words is a course found? Code, section, title and instructor; O'Brien as above.
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

INSERT INTO student_word (word, student_id)
SELECT word, student_id FROM student_search ORDER BY word, student_id;

INSERT INTO course_word (word, course_id)
SELECT word, course_id FROM course_search ORDER BY word, course_id;

CREATE INDEX student_word_by_student ON student_word (student_id);

CREATE INDEX course_word_by_course ON course_word (course_id);

-- A new student comes by here too: student_insert_is_sorted updates the sort keys.
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

CREATE TRIGGER student_delete_is_not_found
AFTER DELETE ON student
BEGIN
    DELETE FROM student_word WHERE student_id = OLD.id;
END;

CREATE TRIGGER course_insert_is_found
AFTER INSERT ON course
BEGIN
    DELETE FROM course_word WHERE course_id = NEW.id;
    INSERT INTO course_word (word, course_id)
    SELECT word, course_id FROM course_search WHERE course_id = NEW.id;
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

CREATE TRIGGER course_delete_is_not_found
AFTER DELETE ON course
BEGIN
    DELETE FROM course_word WHERE course_id = OLD.id;
END;
