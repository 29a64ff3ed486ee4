-- name: get_token(id)^
-- Which token has this id?
SELECT id, version, name, role, student_id, created_at, created_by, expires_at, last_used_at,
    revoked_at, revoked_by
FROM token
WHERE id = :id;

-- name: get_token_by_lookup(lookup)^
-- Which token, revoked and expired ones too, has this part of its text?
SELECT id, name, role, student_id, digest, expires_at, last_used_at, revoked_at
FROM token
WHERE lookup = :lookup;

-- name: list_tokens(after_id, limit)
-- Which tokens are there, revoked and expired ones too, in the order in which they were made?
SELECT id, version, name, role, student_id, created_at, created_by, expires_at, last_used_at,
    revoked_at, revoked_by
FROM token
WHERE id > :after_id
ORDER BY id
LIMIT :limit;

-- name: get_count_of_admins(now)^
-- How many tokens can make others now?
SELECT count(*) AS admins
FROM token
WHERE role = 'admin' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now);

-- name: list_broken_expiry_rules(expires_at, now)
-- Which rules would a token break that expires then?
SELECT '/expires_at' AS pointer, 'already_expired' AS code,
    'The end of the token must be later than now (' || :now || ').' AS detail,
    json_object('now', :now) AS details
WHERE :expires_at <= :now;

-- name: list_broken_token_rules(role, student_id)
-- Which rules would a token with this role, of this student, break?
SELECT '/student_id' AS pointer, 'token_student_required' AS code,
    'A token with the role student needs a student.' AS detail,
    json_object('role', :role) AS details
WHERE :role = 'student' AND :student_id IS NULL
UNION ALL
SELECT '/student_id', 'token_student_not_allowed',
    'A token with the role ' || :role || ' cannot have a student.',
    json_object('role', :role)
WHERE :role <> 'student' AND :student_id IS NOT NULL
UNION ALL
SELECT '/student_id', 'unknown_student',
    'There is no student ' || CAST(:student_id AS text) || '.',
    json_object('student_id', :student_id)
WHERE :student_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM student WHERE id = :student_id)
UNION ALL
SELECT '/student_id', 'student_erased',
    'Student ' || CAST(student_id AS text) || ' was erased.',
    json_object('student_id', student_id)
FROM erasure
WHERE student_id = :student_id
ORDER BY code;

-- name: list_broken_revocation_rules(id, now)
-- Which rules would it break to revoke this token? Someone must be able to make another one.
SELECT '' AS pointer, 'last_admin_token' AS code,
    'No other admin token than that of ' || name || ' is valid.' AS detail,
    json_object('name', name) AS details
FROM token
WHERE id = :id AND role = 'admin' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)
    AND NOT EXISTS (
        SELECT 1
        FROM token AS other
        WHERE other.id <> :id AND other.role = 'admin' AND other.revoked_at IS NULL
            AND (other.expires_at IS NULL OR other.expires_at > :now)
    );

-- name: insert_token(name, role, student_id, lookup, digest, at, actor, expires_at)^
INSERT INTO token (name, role, student_id, lookup, digest, created_at, created_by, expires_at)
VALUES (:name, :role, :student_id, :lookup, :digest, :at, :actor, :expires_at)
RETURNING id, version, name, role, student_id, created_at, created_by, expires_at, last_used_at,
    revoked_at, revoked_by;

-- name: list_students_without_token(now)
-- Which active students have no valid token of their own, by name?
SELECT student.id, student.number, student.family_name, student.given_name, student.email
FROM student
WHERE student.status = 'active'
    AND NOT EXISTS (
        SELECT 1
        FROM token
        WHERE token.student_id = student.id
            AND token.revoked_at IS NULL
            AND (token.expires_at IS NULL OR token.expires_at > :now)
    )
ORDER BY student.family_sort, student.given_sort, student.id;

-- name: get_token_owners(now)^
-- How many active students have a valid token of their own?
SELECT count(DISTINCT student.id) AS count
FROM token
JOIN student ON student.id = token.student_id
WHERE student.status = 'active'
    AND token.revoked_at IS NULL
    AND (token.expires_at IS NULL OR token.expires_at > :now);

-- name: insert_tokens_of_students(tokens, at, actor, expires_at)!
-- Add a token for each of several students. tokens is a JSON array of [student_id, name, lookup, digest].
INSERT INTO token (name, role, student_id, lookup, digest, created_at, created_by, expires_at)
SELECT value ->> 1, 'student', CAST(value ->> 0 AS bigint), value ->> 2, value ->> 3, :at, :actor, :expires_at
FROM json_each(:tokens);

-- name: update_tokens_used(uses)!
-- Keep when each token was used last. uses is a JSON array of [id, time].
UPDATE token
SET last_used_at = (SELECT value ->> 1 FROM json_each(:uses) WHERE CAST(value ->> 0 AS bigint) = token.id)
WHERE id IN (SELECT CAST(value ->> 0 AS bigint) FROM json_each(:uses));

-- name: update_token_revoked(id, at, actor)!
-- Revoke a token permanently; one that was revoked before stays as it is.
UPDATE token
SET revoked_at = :at, revoked_by = :actor, version = version + 1
WHERE id = :id AND revoked_at IS NULL;
