-- Keeps which students were merged into which: an old list, or another system, may still have the id of a merged one.
-- depends: 0027.add-term-windows

CREATE TABLE merge (
    student_id INTEGER PRIMARY KEY,
    into_id    INTEGER NOT NULL,
    merged_at  TEXT    NOT NULL,
    merged_by  TEXT    NOT NULL,
    CONSTRAINT merge_of_two_records CHECK (into_id <> student_id),
    CONSTRAINT merge_merged_at_is_time CHECK (merged_at IS strftime('%Y-%m-%dT%H:%M:%fZ', merged_at, '+0 days'))
) STRICT;
