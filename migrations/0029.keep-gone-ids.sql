-- Keeps the ids of other systems whose records are gone here: a delta of an export names them to be deleted.
-- depends: 0028.add-merges

-- An id of another system of which no record stands any more: what had it was deleted, or erased. An id that is back
-- stays here, and keeps the first_id that it had. `content` is what a row of an export needs: all that a class or
-- a session came with, and of a person nothing but that it was a student. user_ref and class_ref are those of an
-- enrollment or a role.
CREATE TABLE gone_id (
    kind       TEXT    NOT NULL,
    sourced_id TEXT    NOT NULL,
    source     TEXT    NOT NULL COLLATE NOCASE,
    gone_at    TEXT    NOT NULL,
    first_id   INTEGER NOT NULL,
    content    TEXT    NOT NULL,
    user_ref   TEXT,
    class_ref  TEXT,
    CONSTRAINT gone_id_key PRIMARY KEY (kind, sourced_id),
    CONSTRAINT gone_id_gone_at_is_time CHECK (gone_at IS strftime('%Y-%m-%dT%H:%M:%fZ', gone_at, '+0 days')),
    CONSTRAINT gone_id_content_is_an_object CHECK (content LIKE '{%}')
) STRICT;

CREATE INDEX gone_id_by_time ON gone_id (kind, gone_at);

-- Also what a reference deletes fires it (https://www.sqlite.org/foreignkeys.html#fk_actions).
CREATE TRIGGER source_record_delete_leaves_the_id
AFTER DELETE ON source_record
WHEN NOT EXISTS (
        SELECT 1 FROM source_record AS other
        WHERE other.kind = OLD.kind AND other.sourced_id = OLD.sourced_id AND other.source = OLD.source
            AND other.is_current = 1 AND other.is_deleted = 0
    )
BEGIN
    INSERT INTO gone_id (kind, sourced_id, source, gone_at, first_id, content, user_ref, class_ref)
    VALUES (
        OLD.kind, OLD.sourced_id, OLD.source,
        coalesce((SELECT at FROM acting), strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        coalesce(OLD.first_id, OLD.id),
        CASE OLD.kind
            WHEN 'users' THEN '{"enabledUser":"false","familyName":"-","role":"student"}'
            WHEN 'academicSessions' THEN OLD.content
            WHEN 'classes' THEN OLD.content
            ELSE '{"role":"student"}'
        END,
        OLD.user_ref, OLD.class_ref
    )
    ON CONFLICT (kind, sourced_id) DO UPDATE
    SET source = excluded.source, gone_at = excluded.gone_at, first_id = excluded.first_id,
        content = excluded.content, user_ref = excluded.user_ref, class_ref = excluded.class_ref;
END;

CREATE TRIGGER source_record_blank_leaves_the_id
AFTER UPDATE OF student_id ON source_record
WHEN NEW.kind = 'users' AND NEW.is_current = 1 AND OLD.student_id IS NOT NULL AND NEW.student_id IS NULL
BEGIN
    INSERT INTO gone_id (kind, sourced_id, source, gone_at, first_id, content)
    VALUES (
        OLD.kind, OLD.sourced_id, OLD.source,
        coalesce((SELECT at FROM acting), strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        coalesce(OLD.first_id, OLD.id),
        '{"enabledUser":"false","familyName":"-","role":"student"}'
    )
    ON CONFLICT (kind, sourced_id) DO UPDATE
    SET source = excluded.source, gone_at = excluded.gone_at, first_id = excluded.first_id,
        content = excluded.content;
END;

-- Who was erased before: no one knows when, so the next delta says it.
INSERT INTO gone_id (kind, sourced_id, source, gone_at, first_id, content)
SELECT kind, sourced_id, source, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), coalesce(first_id, id),
    '{"enabledUser":"false","familyName":"-","role":"student"}'
FROM source_record
WHERE kind = 'users' AND is_current = 1 AND content = '{}'
ON CONFLICT (kind, sourced_id) DO NOTHING;
