-- name: get_student(id)^
-- Which student has this id?
SELECT id, version, given_name, family_name, email, status, max_credits
FROM student
WHERE id = :id;

-- name: list_students(family_name_end, given_name, given_name_end, status, after_family_name, after_given_name, after_id, limit)
-- Which students follow this place in the order of names? A first page follows
-- (the prefix of the family name, '', 0). Each _end is the end of a prefix.
SELECT id, version, given_name, family_name, email, status, max_credits
FROM student
WHERE (family_name, given_name, id) > (:after_family_name, :after_given_name, :after_id)
    AND family_name < :family_name_end
    AND given_name >= :given_name
    AND given_name < :given_name_end
    AND (:status IS NULL OR status = :status)
ORDER BY family_name, given_name, id
LIMIT :limit;

-- name: list_students_by_email(email_end, family_name, family_name_end, given_name, given_name_end, status, after_email, after_id, limit)
-- Which students follow this place in the order of emails? A first page follows (the prefix of the email, 0).
SELECT id, version, given_name, family_name, email, status, max_credits
FROM student
WHERE (email, id) > (:after_email, :after_id)
    AND email < :email_end
    AND family_name >= :family_name
    AND family_name < :family_name_end
    AND given_name >= :given_name
    AND given_name < :given_name_end
    AND (:status IS NULL OR status = :status)
ORDER BY email, id
LIMIT :limit;

-- name: list_broken_student_rules(id, email)
-- Which rules would a student with this email break? A new student has no id.
SELECT '/email' AS pointer, 'email_taken' AS code,
    'Student ' || CAST(id AS text) || ' has this email.' AS detail,
    json_object('student_id', id) AS details
FROM student
WHERE email = :email AND id IS DISTINCT FROM :id;

-- name: insert_student(given_name, family_name, email, status, max_credits)^
INSERT INTO student (given_name, family_name, email, status, max_credits)
VALUES (:given_name, :family_name, :email, :status, :max_credits)
RETURNING id, version, given_name, family_name, email, status, max_credits;

-- name: update_student(id, given_name, family_name, email, status, max_credits)^
UPDATE student
SET given_name = :given_name, family_name = :family_name, email = :email, status = :status,
    max_credits = :max_credits, version = version + 1
WHERE id = :id
RETURNING id, version, given_name, family_name, email, status, max_credits;

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
