-- name: get_stored_response(token_id, key, since)^
-- What was answered to this caller under this key, not too long ago?
SELECT fingerprint, status, headers, content
FROM kept_answer
WHERE token_id = :token_id AND key = :key AND kept_at > :since;

-- name: insert_stored_response(token_id, key, fingerprint, status, headers, content, at)!
-- Keep an answer; one that was kept too long ago gives way.
INSERT INTO kept_answer (token_id, key, fingerprint, status, headers, content, kept_at)
VALUES (:token_id, :key, :fingerprint, :status, :headers, :content, :at)
ON CONFLICT (token_id, key) DO UPDATE
SET fingerprint = excluded.fingerprint,
    status = excluded.status,
    headers = excluded.headers,
    content = excluded.content,
    kept_at = excluded.kept_at;

-- name: delete_old_responses(since)!
-- Forget a few of those that were kept too long ago: with each that is kept, more than one goes.
DELETE FROM kept_answer
WHERE (token_id, key) IN (
    SELECT token_id, key FROM kept_answer WHERE kept_at <= :since ORDER BY kept_at LIMIT 10
);
