-- name: get_term(id)^
-- Which term has this id?
SELECT id, version, updated_at, code, title, start_on, end_on, enroll_from, enroll_until, drop_until, max_credits
FROM term
WHERE id = :id;

-- name: get_start(code)^
-- When does the term with this code start?
SELECT start_on
FROM term
WHERE code = :code;

-- name: list_terms(code_end, title, title_end, updated_since, after_code, after_id, limit)
-- Which terms follow this place in the order of codes? A first page follows (the prefix of the code, 0).
-- Each _end is the end of a prefix.
SELECT id, version, updated_at, code, title, start_on, end_on, enroll_from, enroll_until, drop_until, max_credits
FROM term
WHERE (code, id) > (:after_code, :after_id)
    AND code < :code_end
    AND title >= :title
    AND title < :title_end
    AND (:updated_since IS NULL OR updated_at >= :updated_since)
ORDER BY code
LIMIT :limit;

-- name: list_broken_term_rules(id, code, start_on, end_on, enroll_from, enroll_until)
-- Which rules would a term with this code and these dates break? A new term has no id.
SELECT '/end_on' AS pointer, 'ends_before_start' AS code,
    'The term ends on ' || :end_on || ', before it starts on ' || :start_on || '.' AS detail,
    json_object('start', :start_on, 'end', :end_on) AS details
WHERE :end_on < :start_on
UNION ALL
SELECT '/enroll_until', 'ends_before_start',
    'Enrollment ends at ' || :enroll_until || ', which is not after it starts at ' || :enroll_from || '.',
    json_object('start', :enroll_from, 'end', :enroll_until)
WHERE :enroll_until <= :enroll_from
UNION ALL
SELECT '/code', 'term_code_taken',
    'The term ' || title || ' has the code ' || code || '.',
    json_object('term_id', id)
FROM term
WHERE code = :code AND id IS DISTINCT FROM :id
ORDER BY pointer;

-- name: insert_term(now, code, title, start_on, end_on, enroll_from, enroll_until, drop_until, max_credits)^
INSERT INTO term (code, title, start_on, end_on, enroll_from, enroll_until, drop_until, max_credits, updated_at)
VALUES (:code, :title, :start_on, :end_on, :enroll_from, :enroll_until, :drop_until, :max_credits, :now)
RETURNING id, version, updated_at, code, title, start_on, end_on, enroll_from, enroll_until, drop_until, max_credits;

-- name: update_term(id, now, code, title, start_on, end_on, enroll_from, enroll_until, drop_until, max_credits)!
-- Change the term, if a column differs. Without || a difference in case would not count.
UPDATE term
SET code = :code, title = :title, start_on = :start_on, end_on = :end_on, enroll_from = :enroll_from,
    enroll_until = :enroll_until, drop_until = :drop_until, max_credits = :max_credits, updated_at = :now,
    version = version + 1
WHERE id = :id
    AND (code || '', title || '', start_on, end_on, enroll_from, enroll_until, drop_until, max_credits)
        IS DISTINCT FROM (
            :code, :title, :start_on, :end_on, :enroll_from, :enroll_until, :drop_until, :max_credits
        );

-- name: list_broken_term_deletion_rules(id)
-- Which rules would the deletion of this term break? A term with courses must stay.
SELECT '' AS pointer, 'term_has_courses' AS code,
    'Courses in the term: ' || CAST(count(*) AS text) || '.' AS detail,
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
