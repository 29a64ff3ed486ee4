-- name: get_session(digest, now, seen_since)^
-- Whose session has this digest, if it has not ended and was used since? Its token may have ended meanwhile.
SELECT
    session.id AS session_id, session.seen_at, token.id, token.name, token.role, token.student_id
FROM session
JOIN token ON token.id = session.token_id
WHERE session.digest = :digest
    AND session.expires_at > :now
    AND session.seen_at > :seen_since
    AND token.revoked_at IS NULL
    AND (token.expires_at IS NULL OR token.expires_at > :now);

-- name: get_known_session(digest)^
-- Which session has this digest, even if it has ended?
SELECT id FROM session WHERE digest = :digest;

-- name: insert_session(token_id, digest, now, expires_at)!
INSERT INTO session (token_id, digest, created_at, seen_at, expires_at)
VALUES (:token_id, :digest, :now, :now, :expires_at);

-- name: update_sessions_seen(uses)!
-- Keep when each session was used last. uses is a JSON array of [id, time].
UPDATE session
SET seen_at = (SELECT value ->> 1 FROM json_each(:uses) WHERE CAST(value ->> 0 AS bigint) = session.id)
WHERE id IN (SELECT CAST(value ->> 0 AS bigint) FROM json_each(:uses));

-- name: delete_session(digest)!
DELETE FROM session WHERE digest = :digest;

-- name: delete_old_sessions(ended_until)!
-- Delete a few sessions that had ended by then: a sign-in must not take long.
DELETE FROM session
WHERE id IN (SELECT id FROM session WHERE expires_at <= :ended_until ORDER BY expires_at LIMIT 100);

-- name: get_link(digest, now)^
-- Whom does the link with this digest sign in, if it is neither used nor over, and its token is valid?
SELECT sign_in_link.id AS link_id, token.id, token.name, token.role, token.student_id
FROM sign_in_link
JOIN token ON token.id = sign_in_link.token_id
WHERE sign_in_link.digest = :digest
    AND sign_in_link.used_at IS NULL
    AND sign_in_link.expires_at > :now
    AND token.revoked_at IS NULL
    AND (token.expires_at IS NULL OR token.expires_at > :now);

-- name: insert_link(token_id, digest, now, actor, expires_at)!
INSERT INTO sign_in_link (token_id, digest, created_at, created_by, expires_at)
VALUES (:token_id, :digest, :now, :actor, :expires_at);

-- name: update_link_used(id, now)!
UPDATE sign_in_link SET used_at = :now WHERE id = :id;

-- name: delete_old_links(now)!
-- Delete a few links that are over.
DELETE FROM sign_in_link
WHERE id IN (SELECT id FROM sign_in_link WHERE expires_at <= :now ORDER BY expires_at LIMIT 100);
