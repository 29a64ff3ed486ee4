-- Keeps the ids of other systems whose records are gone here: a delta of an export names them to be deleted.
-- depends: 0028.add-merges

-- An id of another system of which no record stands any more: what had it was deleted, or erased. An id that is back
-- stays here, and keeps the first_id that it had. `content` is what a row of an export needs: all that a class or
-- a session came with, and of a person nothing but that it was a student. user_ref and class_ref are those of an
-- enrollment or a role.
CREATE TABLE gone_id (
    kind       text COLLATE "C" NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    source     citext COLLATE "C" NOT NULL,
    gone_at    text COLLATE "C" NOT NULL,
    first_id   bigint NOT NULL,
    content    text COLLATE "C" NOT NULL,
    user_ref   text COLLATE "C",
    class_ref  text COLLATE "C",
    CONSTRAINT gone_id_key PRIMARY KEY (kind, sourced_id),
    CONSTRAINT gone_id_gone_at_is_time CHECK (is_moment(gone_at)),
    CONSTRAINT gone_id_content_is_an_object CHECK (content LIKE '{%}')
);

CREATE INDEX gone_id_by_time ON gone_id (kind, gone_at);

CREATE TRIGGER gone_id_is_never_truncated
BEFORE TRUNCATE ON gone_id FOR EACH STATEMENT
EXECUTE FUNCTION refuse('rows are deleted, never truncated');

CREATE TRIGGER one_writer_at_a_time
BEFORE INSERT OR UPDATE OR DELETE ON gone_id FOR EACH STATEMENT
EXECUTE FUNCTION take_the_write_lock();

-- What a reference deletes fires it too. The versions of a record that one statement deletes are gone all at once.
CREATE FUNCTION leave_the_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM source_record AS other
        WHERE other.kind = OLD.kind AND other.sourced_id = OLD.sourced_id AND other.source = OLD.source
            AND other.is_current = 1 AND other.is_deleted = 0
    ) THEN
        RETURN NULL;
    END IF;
    INSERT INTO gone_id (kind, sourced_id, source, gone_at, first_id, content, user_ref, class_ref)
    VALUES (
        OLD.kind, OLD.sourced_id, OLD.source,
        coalesce((SELECT at FROM acting), now_as_text()),
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
    RETURN NULL;
END
$$;

CREATE TRIGGER source_record_delete_leaves_the_id
AFTER DELETE ON source_record FOR EACH ROW
EXECUTE FUNCTION leave_the_id();

CREATE TRIGGER source_record_blank_leaves_the_id
AFTER UPDATE OF student_id ON source_record FOR EACH ROW
WHEN (NEW.kind = 'users' AND NEW.is_current = 1 AND OLD.student_id IS NOT NULL AND NEW.student_id IS NULL)
EXECUTE FUNCTION leave_the_id();

-- Who was erased before: no one knows when, so the next delta says it.
INSERT INTO gone_id (kind, sourced_id, source, gone_at, first_id, content)
SELECT kind, sourced_id, source, now_as_text(), coalesce(first_id, id),
    '{"enabledUser":"false","familyName":"-","role":"student"}'
FROM source_record
WHERE kind = 'users' AND is_current = 1 AND content = '{}'
ON CONFLICT (kind, sourced_id) DO NOTHING;
