-- name: get_hold(student_id, id)^
-- Which hold of this student has this id?
SELECT id, version, student_id, reason, placed_at, placed_by, released_at, released_by
FROM hold
WHERE student_id = :student_id AND id = :id;

-- name: list_holds(student_id, after_id, limit)
-- Which holds has this student, released ones too, in the order in which they were placed?
SELECT id, version, student_id, reason, placed_at, placed_by, released_at, released_by
FROM hold
WHERE student_id = :student_id AND id > :after_id
ORDER BY id
LIMIT :limit;

-- name: insert_hold(student_id, reason, at, actor)^
INSERT INTO hold (student_id, reason, placed_at, placed_by)
VALUES (:student_id, :reason, :at, :actor)
RETURNING id, version, student_id, reason, placed_at, placed_by, released_at, released_by;

-- name: update_hold_released(student_id, id, at, actor)!
-- Release a hold. A hold that is released already does not change.
UPDATE hold
SET released_at = :at, released_by = :actor, version = version + 1
WHERE student_id = :student_id AND id = :id AND released_at IS NULL;
