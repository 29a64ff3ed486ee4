-- name: get_student(id)^
-- Who is the student with this id?
SELECT id, version, given_name, family_name, email, status, max_credits
FROM student
WHERE id = :id;

-- name: list_students(family_name, given_name, status, after_family_name, after_given_name, after_id, limit)
-- Which students follow this place in the order of names? A first page follows (family_name, '', 0).
SELECT id, version, given_name, family_name, email, status, max_credits
FROM student
WHERE (family_name, given_name, id) > (:after_family_name, :after_given_name, :after_id)
    AND family_name < :family_name || char(0x10FFFF)
    AND given_name >= :given_name
    AND given_name < :given_name || char(0x10FFFF)
    AND (:status IS NULL OR status = :status)
ORDER BY family_name, given_name, id
LIMIT :limit;

-- name: list_students_by_email(email, family_name, given_name, status, after_email, after_id, limit)
-- Which students follow this place in the order of emails? A first page follows (email, 0).
SELECT id, version, given_name, family_name, email, status, max_credits
FROM student
WHERE (email, id) > (:after_email, :after_id)
    AND email < :email || char(0x10FFFF)
    AND family_name >= :family_name
    AND family_name < :family_name || char(0x10FFFF)
    AND given_name >= :given_name
    AND given_name < :given_name || char(0x10FFFF)
    AND (:status IS NULL OR status = :status)
ORDER BY email, id
LIMIT :limit;

-- name: list_broken_student_rules(id, email)
-- What speaks against a student with this email? A new student has no id.
SELECT '/email' AS pointer, 'email_taken' AS code,
    format('Student %d has this email.', id) AS detail,
    json_object('student_id', id) AS details
FROM student
WHERE email = :email AND id IS NOT :id;

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
-- What speaks against deleting this student? History does.
SELECT '' AS pointer, 'student_has_enrollments' AS code,
    format('Enrollments of the student, present and past: %d.', count(*)) AS detail,
    json_object('enrollments', count(*)) AS details
FROM student_course
WHERE student_id = :id
HAVING count(*) > 0;

-- name: delete_student(id)!
DELETE FROM student WHERE id = :id;
