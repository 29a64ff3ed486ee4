-- Takes the role monitor away. Its tokens stay on record as readers, but revoked: a reader may read more
-- than a monitor, so none of them may be used again.

-- As in the migration, the table is made again while foreign keys are off.
CREATE TEMP TABLE old_token AS
SELECT id, name, role, student_id, lookup, digest, created_at, created_by, expires_at, last_used_at,
    revoked_at, revoked_by, version
FROM token;

UPDATE old_token
SET role = 'reader',
    revoked_by = CASE WHEN revoked_at IS NULL THEN 'rollback of 0010' ELSE revoked_by END,
    revoked_at = coalesce(revoked_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    version = version + 1
WHERE role = 'monitor';

-- The highest id ever given: no id is given twice.
CREATE TEMP TABLE old_sequence AS
SELECT name, seq FROM sqlite_sequence WHERE name = 'token';

DROP TABLE token;

-- `lookup` is the part of a token that finds it; `digest` is the SHA-256 of the whole, in hexadecimal.
CREATE TABLE token (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    student_id   INTEGER,
    lookup       TEXT    NOT NULL,
    digest       TEXT    NOT NULL,
    created_at   TEXT    NOT NULL,
    created_by   TEXT    NOT NULL,
    expires_at   TEXT,
    last_used_at TEXT,
    revoked_at   TEXT,
    revoked_by   TEXT,
    version      INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT token_lookup_unique UNIQUE (lookup),
    CONSTRAINT token_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT token_name_length CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT token_role_known CHECK (role IN ('reader', 'registrar', 'student', 'admin')),
    CONSTRAINT token_of_a_student_has_one CHECK ((role = 'student') = (student_id IS NOT NULL)),
    CONSTRAINT token_digest_form CHECK (digest GLOB replace(hex(zeroblob(32)), '0', '[0-9a-f]')),
    CONSTRAINT token_times_are_times CHECK (
        created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at, '+0 days')
        AND expires_at IS strftime('%Y-%m-%dT%H:%M:%fZ', expires_at, '+0 days')
        AND last_used_at IS strftime('%Y-%m-%dT%H:%M:%fZ', last_used_at, '+0 days')
        AND revoked_at IS strftime('%Y-%m-%dT%H:%M:%fZ', revoked_at, '+0 days')
    ),
    CONSTRAINT token_revoked_by_someone CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)),
    CONSTRAINT token_version_positive CHECK (version >= 1)
) STRICT;

INSERT INTO token (
    id, name, role, student_id, lookup, digest, created_at, created_by, expires_at, last_used_at,
    revoked_at, revoked_by, version
)
SELECT id, name, role, student_id, lookup, digest, created_at, created_by, expires_at, last_used_at,
    revoked_at, revoked_by, version
FROM old_token
ORDER BY id;

CREATE INDEX token_by_student ON token (student_id);

DELETE FROM sqlite_sequence WHERE name = 'token';

INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM old_sequence;

DROP TABLE old_token;

DROP TABLE old_sequence;
