-- What was answered under an Idempotency-Key, for who asks again.
-- depends: 0007.create-token

-- `fingerprint` is the SHA-256 of the request, in hexadecimal: another request under the same key is
-- no retry. `headers` is a JSON object.
CREATE TABLE kept_answer (
    token_id    INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    status      INTEGER NOT NULL,
    headers     TEXT    NOT NULL,
    content     BLOB    NOT NULL,
    kept_at     TEXT    NOT NULL,
    CONSTRAINT kept_answer_key PRIMARY KEY (token_id, key),
    CONSTRAINT kept_answer_token_exists FOREIGN KEY (token_id) REFERENCES token (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT kept_answer_key_length CHECK (length(key) BETWEEN 1 AND 255),
    CONSTRAINT kept_answer_status_is_success CHECK (status BETWEEN 200 AND 299),
    CONSTRAINT kept_answer_kept_at_is_time
        CHECK (kept_at IS strftime('%Y-%m-%dT%H:%M:%fZ', kept_at, '+0 days'))
) STRICT;

CREATE INDEX kept_answer_by_time ON kept_answer (kept_at);
