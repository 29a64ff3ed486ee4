-- name: get_student(id)^
-- Which student has this id?
SELECT
-- include: student_columns.sql
FROM student
WHERE id = :id;

-- name: list_students(family_sort_end, given_sort, given_sort_end, status, after_family_sort, after_given_sort, after_id, limit)
-- Which students follow this place in the order of names? A first page follows
-- (the prefix of the family name, '', 0). Each _end is the end of a prefix.
SELECT family_sort, given_sort,
-- include: student_columns.sql
FROM student
WHERE (family_sort, given_sort, id) > (:after_family_sort, :after_given_sort, :after_id)
    AND family_sort < :family_sort_end
    AND given_sort >= :given_sort
    AND given_sort < :given_sort_end
    AND (:status IS NULL OR status = :status)
ORDER BY family_sort, given_sort, id
LIMIT :limit;

-- name: list_students_by_email(email_end, family_sort, family_sort_end, given_sort, given_sort_end, status, after_email, after_id, limit)
-- Which students follow this place in the order of emails? A first page follows (the prefix of the email, 0).
SELECT
-- include: student_columns.sql
FROM student
WHERE (email, id) > (:after_email, :after_id)
    AND email < :email_end
-- include: student_by_name_and_status.sql
ORDER BY email, id
LIMIT :limit;

-- name: list_students_by_number(number_end, email, email_end, family_sort, family_sort_end, given_sort, given_sort_end, status, after_number, after_id, limit)
-- Which students follow this place in the order of numbers? A first page follows (the prefix of the number, 0).
SELECT
-- include: student_columns.sql
FROM student
WHERE (number, id) > (:after_number, :after_id)
    AND number < :number_end
    AND (:email = '' OR email >= :email AND email < :email_end)
-- include: student_by_name_and_status.sql
ORDER BY number
LIMIT :limit;

-- name: list_students_by_update(number, number_end, email, email_end, family_sort, family_sort_end, given_sort, given_sort_end, status, after_updated_at, after_id, limit)
-- Which students follow this place in the order of their last changes? A first page follows (updated_since, 0).
SELECT
-- include: student_columns.sql
FROM student
WHERE (updated_at, id) > (:after_updated_at, :after_id)
-- include: student_by_number_and_email.sql
-- include: student_by_name_and_status.sql
ORDER BY updated_at, id
LIMIT :limit;

-- name: list_students_by_word(word, word_end, words, last, number, number_end, email, email_end, family_sort, family_sort_end, given_sort, given_sort_end, status, updated_since, after_family_sort, after_given_sort, after_id, limit)
-- Which students with each of these words follow this place in the order of names? For a rare word: its students
-- are looked up, and sorted. Nothing else is asked until they are: PostgreSQL expects that almost no student passes all
-- the other conditions, and would compare each student with all that were found.
WITH found AS MATERIALIZED (
    SELECT family_sort, given_sort,
-- include: student_columns.sql
    FROM (
        SELECT DISTINCT student_id FROM student_word
        WHERE word >= :word AND word < :word_end
    ) AS named
    CROSS JOIN student
    WHERE student.id = named.student_id
)

SELECT family_sort, given_sort,
-- include: student_columns.sql
FROM found
WHERE (family_sort, given_sort, id) > (:after_family_sort, :after_given_sort, :after_id)
    AND NOT EXISTS (
        SELECT 1 FROM json_each(:words) AS wanted
        WHERE NOT EXISTS (
            SELECT 1 FROM student_word
            WHERE student_id = found.id AND word >= wanted.atom AND word < wanted.atom || :last
        )
    )
-- include: student_by_number_and_email.sql
-- include: student_by_name_and_status.sql
    AND (:updated_since IS NULL OR updated_at >= :updated_since)
ORDER BY family_sort, given_sort, id
LIMIT :limit;

-- name: list_students_with_words(words, last, number, number_end, email, email_end, family_sort, family_sort_end, given_sort, given_sort_end, status, updated_since, after_family_sort, after_given_sort, after_id, limit)
-- The same for words that are common: the students are taken by name until the page is full.
SELECT family_sort, given_sort,
-- include: student_columns.sql
FROM student
WHERE (family_sort, given_sort, id) > (:after_family_sort, :after_given_sort, :after_id)
    AND NOT EXISTS (
        SELECT 1 FROM json_each(:words) AS wanted
        WHERE NOT EXISTS (
            SELECT 1 FROM student_word
            WHERE student_id = student.id AND word >= wanted.atom AND word < wanted.atom || :last
        )
    )
-- include: student_by_number_and_email.sql
-- include: student_by_name_and_status.sql
    AND (:updated_since IS NULL OR updated_at >= :updated_since)
ORDER BY family_sort, given_sort, id
LIMIT :limit;

-- name: list_possible_duplicates(id)
-- Which other students have the email or the whole name of this one?
SELECT id AS student_id, max(same_email) AS same_email, max(same_name) AS same_name
FROM (
    SELECT other.id, 1 AS same_email, 0 AS same_name
    FROM student AS this
    CROSS JOIN student AS other
    WHERE this.id = :id AND other.email = this.email AND other.id <> this.id
    UNION ALL
    SELECT other.id, 0, 1
    FROM student AS this
    CROSS JOIN student AS other
    WHERE this.id = :id
        AND other.family_sort = this.family_sort
        AND other.given_sort = this.given_sort
        AND other.id <> this.id
) AS other
GROUP BY id
ORDER BY id
LIMIT 20;

-- name: list_broken_student_rules(id, number, groups)
-- Which rules would a student with these fields break? A new student has no id. groups is a JSON array.
SELECT '/number' AS pointer, 'number_taken' AS code,
    coalesce(given_name || ' ', '') || family_name || ' has the number ' || number || '.' AS detail,
    json_object('student_id', id) AS details
FROM student
WHERE number = :number AND id IS DISTINCT FROM :id
UNION ALL
SELECT '/groups/' || CAST(key AS text), 'duplicate_group',
    'The group ' || atom || ' is listed before.',
    json_object('group', atom)
FROM (
    SELECT key, atom, row_number() OVER (PARTITION BY lower(atom) ORDER BY key) AS occurrence
    FROM json_each(:groups)
) AS listed
WHERE occurrence > 1
UNION ALL
SELECT '', 'student_erased',
    'Student ' || CAST(student_id AS text) || ' was erased.',
    json_object('student_id', student_id)
FROM erasure
WHERE student_id = :id
ORDER BY pointer, code;

-- name: insert_student(now, number, given_name, family_name, email, status, max_credits, groups)^
INSERT INTO student (number, given_name, family_name, email, status, max_credits, groups, updated_at)
VALUES (:number, :given_name, :family_name, :email, :status, :max_credits, :groups, :now)
RETURNING id, version, updated_at, number, given_name, family_name, email, status, max_credits, groups;

-- name: update_student(id, now, number, given_name, family_name, email, status, max_credits, groups)!
-- Change the student, if a column differs. Without || a difference in case would not count.
UPDATE student
SET number = :number, given_name = :given_name, family_name = :family_name, email = :email,
    status = :status, max_credits = :max_credits, groups = :groups, updated_at = :now, version = version + 1
WHERE id = :id
    AND (number || '', given_name || '', family_name || '', email || '', status, max_credits, groups)
        IS DISTINCT FROM (:number, :given_name, :family_name, :email, :status, :max_credits, :groups);

-- name: list_broken_student_deletion_rules(id)
-- Which rules would the deletion of this student break? Their enrollments are history and must stay.
SELECT '' AS pointer, 'student_has_enrollments' AS code,
    'Enrollments of the student, present and past: ' || CAST(count(*) AS text) || '.' AS detail,
    json_object('enrollments', count(*)) AS details
FROM student_course
WHERE student_id = :id AND status <> 'void'
HAVING count(*) > 0;

-- name: delete_student(id)!
DELETE FROM student WHERE id = :id;
