-- name: get_stored_response(token_id, key, since)^
-- Which response was stored for this caller and key since this time?
SELECT fingerprint, status, headers, content
FROM kept_answer
WHERE token_id = :token_id AND key = :key AND kept_at > :since;

-- name: insert_stored_response(token_id, key, fingerprint, status_code, headers, content, at)!
-- Store a response; it replaces one that is too old.
INSERT INTO kept_answer (token_id, key, fingerprint, status, headers, content, kept_at)
VALUES (:token_id, :key, :fingerprint, :status_code, :headers, :content, :at)
ON CONFLICT (token_id, key) DO UPDATE
SET fingerprint = excluded.fingerprint,
    status = excluded.status,
    headers = excluded.headers,
    content = excluded.content,
    kept_at = excluded.kept_at;

-- name: delete_old_responses(since)!
-- Delete up to ten responses that are too old. One is added at a time, so they do not pile up.
DELETE FROM kept_answer
WHERE (token_id, key) IN (
    SELECT token_id, key FROM kept_answer WHERE kept_at <= :since ORDER BY kept_at LIMIT 10
);
