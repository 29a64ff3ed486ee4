-- Keeps which students were merged into which: an old list, or another system, may still have the id of a merged one.
-- depends: 0027.begin-on-postgresql

CREATE TABLE merge (
    student_id bigint NOT NULL PRIMARY KEY,
    into_id    bigint NOT NULL,
    merged_at  text COLLATE "C" NOT NULL,
    merged_by  text COLLATE "C" NOT NULL,
    CONSTRAINT merge_of_two_records CHECK (into_id <> student_id),
    CONSTRAINT merge_merged_at_is_time CHECK (is_moment(merged_at))
);

CREATE TRIGGER merge_is_never_truncated
BEFORE TRUNCATE ON merge FOR EACH STATEMENT
EXECUTE FUNCTION refuse('rows are deleted, never truncated');

CREATE TRIGGER one_writer_at_a_time
BEFORE INSERT OR UPDATE OR DELETE ON merge FOR EACH STATEMENT
EXECUTE FUNCTION take_the_write_lock();
