-- name: get_term(id)^
-- Which term has this id?
SELECT id, version, code, title, start_on, end_on, max_credits
FROM term
WHERE id = :id;

-- name: list_terms(code, title, after_code, after_id, limit)
-- Which terms follow this place in the order of codes? A first page follows (code, 0).
SELECT id, version, code, title, start_on, end_on, max_credits
FROM term
WHERE (code, id) > (:after_code, :after_id)
    AND code < :code || char(0x10FFFF)
    AND title >= :title
    AND title < :title || char(0x10FFFF)
ORDER BY code, id
LIMIT :limit;

-- name: list_broken_term_rules(id, code, start_on, end_on)
-- What speaks against a term with this code and these dates? A new term has no id.
SELECT '/end_on' AS pointer, 'ends_before_start' AS code,
    format('The term ends on %s, before it starts on %s.', :end_on, :start_on) AS detail,
    json_object('start', :start_on, 'end', :end_on) AS details
WHERE :end_on < :start_on
UNION ALL
SELECT '/code', 'term_code_taken',
    format('Term %d has the code %s.', id, code),
    json_object('term_id', id)
FROM term
WHERE code = :code AND id IS NOT :id
ORDER BY pointer;

-- name: insert_term(code, title, start_on, end_on, max_credits)^
INSERT INTO term (code, title, start_on, end_on, max_credits)
VALUES (:code, :title, :start_on, :end_on, :max_credits)
RETURNING id, version, code, title, start_on, end_on, max_credits;

-- name: update_term(id, code, title, start_on, end_on, max_credits)^
UPDATE term
SET code = :code, title = :title, start_on = :start_on, end_on = :end_on,
    max_credits = :max_credits, version = version + 1
WHERE id = :id
RETURNING id, version, code, title, start_on, end_on, max_credits;

-- name: list_broken_term_deletion_rules(id)
-- What speaks against deleting this term? Its courses do.
SELECT '' AS pointer, 'term_has_courses' AS code,
    format('Courses in the term: %d.', count(*)) AS detail,
    json_object('courses', count(*)) AS details
FROM term
JOIN course ON course.term = term.code
WHERE term.id = :id
HAVING count(*) > 0;

-- name: delete_term(id)!
DELETE FROM term WHERE id = :id;

-- name: list_course_ids(id)
-- Which courses does this term have?
SELECT course.id
FROM term
JOIN course ON course.term = term.code
WHERE term.id = :id
ORDER BY course.id;
