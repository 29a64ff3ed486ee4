-- Keeps who has signed in to the pages, and the links that sign someone in once.
-- depends: 0020.add-alternatives

-- A session or a link belongs to a token: it can do what the token can, and ends with it. Only the SHA-256 of
-- its secret is kept.
CREATE TABLE session (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    token_id   INTEGER NOT NULL,
    digest     TEXT    NOT NULL,
    created_at TEXT    NOT NULL,
    seen_at    TEXT    NOT NULL,
    expires_at TEXT    NOT NULL,
    CONSTRAINT session_digest_unique UNIQUE (digest),
    CONSTRAINT session_token_exists FOREIGN KEY (token_id) REFERENCES token (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT session_created_at_is_time
        CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at, '+0 days')),
    CONSTRAINT session_seen_at_is_time
        CHECK (seen_at IS strftime('%Y-%m-%dT%H:%M:%fZ', seen_at, '+0 days')),
    CONSTRAINT session_expires_at_is_time
        CHECK (expires_at IS strftime('%Y-%m-%dT%H:%M:%fZ', expires_at, '+0 days'))
) STRICT;

CREATE INDEX session_by_token ON session (token_id);

CREATE INDEX session_by_end ON session (expires_at);

CREATE TABLE sign_in_link (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    token_id   INTEGER NOT NULL,
    digest     TEXT    NOT NULL,
    created_at TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    expires_at TEXT    NOT NULL,
    used_at    TEXT,
    CONSTRAINT sign_in_link_digest_unique UNIQUE (digest),
    CONSTRAINT sign_in_link_token_exists FOREIGN KEY (token_id) REFERENCES token (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT sign_in_link_created_at_is_time
        CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at, '+0 days')),
    CONSTRAINT sign_in_link_expires_at_is_time
        CHECK (expires_at IS strftime('%Y-%m-%dT%H:%M:%fZ', expires_at, '+0 days')),
    CONSTRAINT sign_in_link_used_at_is_time
        CHECK (used_at IS strftime('%Y-%m-%dT%H:%M:%fZ', used_at, '+0 days'))
) STRICT;

CREATE INDEX sign_in_link_by_token ON sign_in_link (token_id);

CREATE INDEX sign_in_link_by_end ON sign_in_link (expires_at);
