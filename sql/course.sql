-- name: get_course(id)^
-- Which course has this id?
SELECT id, version, code, title, term, credits, capacity, waitlist_capacity,
    enroll_from, enroll_until, status
FROM course
WHERE id = :id;

-- name: list_courses(code, title, status, after_code, after_id, limit)
-- Which courses follow this place in the order of codes? A first page follows (code, 0).
SELECT id, version, code, title, term, credits, capacity, waitlist_capacity,
    enroll_from, enroll_until, status
FROM course
WHERE (code, id) > (:after_code, :after_id)
    AND code < :code || char(0x10FFFF)
    AND title >= :title
    AND title < :title || char(0x10FFFF)
    AND (:status IS NULL OR status = :status)
ORDER BY code, id
LIMIT :limit;

-- name: list_courses_of_term(term, code, title, status, after_code, after_id, limit)
-- The same within one term.
SELECT id, version, code, title, term, credits, capacity, waitlist_capacity,
    enroll_from, enroll_until, status
FROM course
WHERE term = :term
    AND (code, id) > (:after_code, :after_id)
    AND code < :code || char(0x10FFFF)
    AND title >= :title
    AND title < :title || char(0x10FFFF)
    AND (:status IS NULL OR status = :status)
ORDER BY code, id
LIMIT :limit;

-- name: list_broken_course_rules(id, code, term, enroll_from, enroll_until)
-- What speaks against a course with this code, term and window? A new course has no id.
SELECT '/enroll_until' AS pointer, 'ends_before_start' AS code,
    format('Enrolment would end at %s, not after it starts at %s.', :enroll_until, :enroll_from)
        AS detail,
    json_object('start', :enroll_from, 'end', :enroll_until) AS details
WHERE :enroll_until <= :enroll_from
UNION ALL
SELECT '/term', 'unknown_term',
    format('There is no term with the code %s.', :term),
    json_object('term', :term)
WHERE :term IS NOT NULL AND NOT EXISTS (SELECT 1 FROM term WHERE code = :term)
UNION ALL
SELECT '/code', 'course_code_taken',
    format('Course %d of the same term has the code %s.', id, code),
    json_object('course_id', id)
FROM course
WHERE code = :code AND term IS :term AND id IS NOT :id
ORDER BY pointer;

-- name: insert_course(code, title, term, credits, capacity, waitlist_capacity, enroll_from, enroll_until, status)^
INSERT INTO course (
    code, title, term, credits, capacity, waitlist_capacity, enroll_from, enroll_until, status
)
VALUES (
    :code, :title, (SELECT code FROM term WHERE code = :term), :credits, :capacity, :waitlist_capacity,
    :enroll_from, :enroll_until, :status
)
RETURNING id, version, code, title, term, credits, capacity, waitlist_capacity,
    enroll_from, enroll_until, status;

-- name: update_course(id, code, title, term, credits, capacity, waitlist_capacity, enroll_from, enroll_until, status)^
UPDATE course
SET code = :code, title = :title, term = (SELECT code FROM term WHERE code = :term), credits = :credits, capacity = :capacity,
    waitlist_capacity = :waitlist_capacity, enroll_from = :enroll_from,
    enroll_until = :enroll_until, status = :status, version = version + 1
WHERE id = :id
RETURNING id, version, code, title, term, credits, capacity, waitlist_capacity,
    enroll_from, enroll_until, status;

-- name: list_broken_course_deletion_rules(id)
-- What speaks against deleting this course? History does.
SELECT '' AS pointer, 'course_has_enrollments' AS code,
    format('Enrolments in the course, present and past: %d.', count(*)) AS detail,
    json_object('enrollments', count(*)) AS details
FROM student_course
WHERE course_id = :id
HAVING count(*) > 0;

-- name: delete_course(id)!
DELETE FROM course WHERE id = :id;
