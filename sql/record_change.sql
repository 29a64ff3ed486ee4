-- name: insert_acting(actor, at)!
-- Name who makes the changes that follow in this transaction, and when.
INSERT INTO acting (only_row, actor, at)
VALUES (1, :actor, :at)
ON CONFLICT (only_row) DO UPDATE SET actor = excluded.actor, at = excluded.at;

-- name: delete_acting()!
DELETE FROM acting;

-- name: get_record_change_range(after_id, since, until)^
-- Where do the changes begin that follow this one and were recorded from `since` until before `until`? And which is the
-- last of that time, wherever they begin?
-- The index of times is read only if the next one is too early or the last one too late. The least and the highest
-- id are looked for, since the ids do not follow the times where the clock was set back.
SELECT
    CASE
        WHEN next.id IS NULL OR next.recorded_at >= :since THEN next.id
        ELSE (SELECT min(id) FROM record_change WHERE recorded_at >= :since AND recorded_at < :until)
    END AS first_id,
    CASE
        WHEN last.recorded_at < :until THEN last.id
        ELSE (SELECT max(id) FROM record_change WHERE recorded_at >= :since AND recorded_at < :until)
    END AS last_id
FROM record_change AS last
LEFT JOIN record_change AS next ON next.id = (SELECT min(id) FROM record_change WHERE id > :after_id)
WHERE last.id = (SELECT max(id) FROM record_change);

-- name: list_record_changes(with_tokens, since, until, last_id, after_id, limit)
-- Which changes follow this one, in the order of commits?
SELECT id, subject, subject_id, part, version, actor, recorded_at, before, after
FROM record_change
WHERE id > :after_id
-- include: within_period.sql
    AND (subject <> 'token' OR :with_tokens)
ORDER BY id
LIMIT :limit;

-- name: list_record_changes_by_actor(actor, subject, with_tokens, since, until, last_id, after_id, limit)
-- Which changes by this actor follow this one?
SELECT id, subject, subject_id, part, version, actor, recorded_at, before, after
FROM record_change
WHERE actor = :actor
    AND id > :after_id
-- include: within_period.sql
    AND (subject <> 'token' OR :with_tokens)
    AND (:subject IS NULL OR subject = :subject)
ORDER BY id
LIMIT :limit;

-- name: list_record_changes_of_subject(subject, since, until, last_id, after_id, limit)
-- Which changes of records of this kind follow this one?
SELECT id, subject, subject_id, part, version, actor, recorded_at, before, after
FROM record_change
WHERE subject = :subject
    AND id > :after_id
-- include: within_period.sql
ORDER BY id
LIMIT :limit;

-- name: list_record_changes_of_record(subject_id, subject, actor, with_tokens, since, until, last_id, after_id, limit)
-- Which changes of this record, or of all records with this id, follow this one?
SELECT id, subject, subject_id, part, version, actor, recorded_at, before, after
FROM record_change
WHERE subject_id = :subject_id
    AND id > :after_id
-- include: within_period.sql
    AND (subject <> 'token' OR :with_tokens)
    AND (:subject IS NULL OR subject = :subject)
    AND (:actor IS NULL OR actor = :actor)
ORDER BY id
LIMIT :limit;
