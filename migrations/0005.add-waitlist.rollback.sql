-- Takes the order of the waitlists away; who waits still does.

DROP TRIGGER student_course_update_needs_a_seat;

DROP TRIGGER student_course_insert_needs_a_seat;

DROP TRIGGER student_course_update_needs_a_place_to_wait;

DROP TRIGGER student_course_insert_needs_a_place_to_wait;

DROP TRIGGER student_course_update_does_not_jump_the_queue;

DROP TRIGGER student_course_insert_does_not_jump_the_queue;

DROP TRIGGER student_course_queue_follows_the_events;

DROP INDEX student_course_by_course;

ALTER TABLE student_course DROP COLUMN queue_number;

CREATE INDEX student_course_by_course ON student_course (course_id, status, student_id);

ALTER TABLE course DROP COLUMN promotion;

-- The seats honour an override that is recorded with the very change, and nothing else.
CREATE TRIGGER student_course_insert_needs_a_seat
AFTER INSERT ON student_course
WHEN NEW.status = 'enrolled' AND coalesce(NEW.overridden, '') NOT LIKE '%"course_full"%'
BEGIN
    SELECT RAISE(ABORT, 'course_full')
    FROM course
    WHERE id = NEW.course_id
        AND capacity < (
            SELECT count(*) FROM student_course
            WHERE course_id = NEW.course_id AND status = 'enrolled'
        );
END;

CREATE TRIGGER student_course_update_needs_a_seat
AFTER UPDATE OF status ON student_course
WHEN NEW.status = 'enrolled'
    AND OLD.status <> 'enrolled'
    AND NOT (NEW.version > OLD.version AND coalesce(NEW.overridden, '') LIKE '%"course_full"%')
BEGIN
    SELECT RAISE(ABORT, 'course_full')
    FROM course
    WHERE id = NEW.course_id
        AND capacity < (
            SELECT count(*) FROM student_course
            WHERE course_id = NEW.course_id AND status = 'enrolled'
        );
END;
