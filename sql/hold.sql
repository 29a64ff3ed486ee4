-- name: get_hold(student_id, id)^
-- Which hold of this student has this id?
SELECT id, version, student_id, reason, placed_at, placed_by, released_at, released_by
FROM hold
WHERE student_id = :student_id AND id = :id;

-- name: list_holds(student_id, active, after_id, limit)
-- Which holds has this student, in the order in which they were placed? active: in force or released; NULL: both.
SELECT id, version, student_id, reason, placed_at, placed_by, released_at, released_by
FROM hold
WHERE student_id = :student_id
    AND id > :after_id
    AND (:active IS NULL OR (released_at IS NULL) = :active)
ORDER BY id
LIMIT :limit;

-- name: list_all_holds(active, after_id, limit)
-- Which holds are there, of all students, in the order in which they were placed? active: as for one student. Those in
-- force are found faster by list_open_holds.
SELECT id, version, student_id, reason, placed_at, placed_by, released_at, released_by
FROM hold
WHERE id > :after_id AND (:active IS NULL OR (released_at IS NULL) = :active)
ORDER BY id
LIMIT :limit;

-- name: list_open_holds(after_id, limit)
-- Which holds are in force, of all students?
SELECT id, version, student_id, reason, placed_at, placed_by, released_at, released_by
FROM hold
WHERE id > :after_id AND released_at IS NULL
ORDER BY id
LIMIT :limit;

-- name: get_open_count(ids)^
-- How many of these holds are in force? ids is a JSON array.
SELECT count(*) AS count
FROM json_each(:ids) AS wanted
CROSS JOIN hold
WHERE hold.id = CAST(wanted.value AS bigint) AND hold.released_at IS NULL;

-- name: list_broken_hold_rules(student_id)
-- Which rules would a hold on this student break?
SELECT '' AS pointer, 'student_erased' AS code,
    'Student ' || CAST(student_id AS text) || ' was erased.' AS detail,
    json_object('student_id', student_id) AS details
FROM erasure
WHERE student_id = :student_id;

-- name: insert_hold(student_id, reason, at, actor)^
INSERT INTO hold (student_id, reason, placed_at, placed_by)
VALUES (:student_id, :reason, :at, :actor)
RETURNING id, version, student_id, reason, placed_at, placed_by, released_at, released_by;

-- name: update_hold_released(student_id, id, at, actor)!
-- Release a hold. A hold that is released already does not change.
UPDATE hold
SET released_at = :at, released_by = :actor, version = version + 1
WHERE student_id = :student_id AND id = :id AND released_at IS NULL;
