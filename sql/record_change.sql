-- name: insert_acting(actor, at)!
-- Name who makes the changes that follow in this transaction, and when.
INSERT INTO acting (only_row, actor, at)
VALUES (1, :actor, :at)
ON CONFLICT (only_row) DO UPDATE SET actor = excluded.actor, at = excluded.at;

-- name: delete_acting()!
DELETE FROM acting;

-- name: get_record_change_range(since, until)^
-- Between which ids are the changes that were recorded from `since` until before `until`? NULL: there are none.
-- The ids do not follow the times where the clock was set back.
SELECT min(id) AS first_id, max(id) AS last_id
FROM record_change
WHERE recorded_at >= :since AND recorded_at < :until;

-- name: list_record_changes(with_tokens, since, until, last_id, after_id, limit)
-- Which changes follow this one, in the order of commits?
SELECT id, subject, subject_id, part, version, actor, recorded_at, before, after
FROM record_change
WHERE id > :after_id
    AND id <= :last_id
    AND recorded_at >= :since
    AND recorded_at < :until
    AND (subject <> 'token' OR :with_tokens)
ORDER BY id
LIMIT :limit;

-- name: list_record_changes_by_actor(actor, subject, with_tokens, since, until, last_id, after_id, limit)
-- Which changes by this actor follow this one?
SELECT id, subject, subject_id, part, version, actor, recorded_at, before, after
FROM record_change
WHERE actor = :actor
    AND id > :after_id
    AND id <= :last_id
    AND recorded_at >= :since
    AND recorded_at < :until
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
    AND id <= :last_id
    AND recorded_at >= :since
    AND recorded_at < :until
ORDER BY id
LIMIT :limit;

-- name: list_record_changes_of_record(subject_id, subject, actor, with_tokens, since, until, last_id, after_id, limit)
-- Which changes of this record, or of all records with this id, follow this one?
SELECT id, subject, subject_id, part, version, actor, recorded_at, before, after
FROM record_change
WHERE subject_id = :subject_id
    AND id > :after_id
    AND id <= :last_id
    AND recorded_at >= :since
    AND recorded_at < :until
    AND (subject <> 'token' OR :with_tokens)
    AND (:subject IS NULL OR subject = :subject)
    AND (:actor IS NULL OR actor = :actor)
ORDER BY id
LIMIT :limit;
