-- The order of each waitlist, and who promotes from it.
-- depends: 0004.add-overrides

ALTER TABLE course ADD COLUMN promotion TEXT NOT NULL DEFAULT 'automatic'
    CONSTRAINT course_promotion_known CHECK (promotion IN ('automatic', 'manual'));

-- The id of the event by which the student joined the waitlist: first come, first served, whatever
-- the clock says. 0 for a student who does not wait.
ALTER TABLE student_course ADD COLUMN queue_number INTEGER NOT NULL DEFAULT 0;

UPDATE student_course
SET queue_number = (
    SELECT max(id) FROM student_course_event
    WHERE student_id = student_course.student_id
        AND course_id = student_course.course_id
        AND to_status = 'waitlisted'
        AND from_status IS NOT 'waitlisted'
)
WHERE status = 'waitlisted';

-- As before, and now a waitlist stands in its order.
DROP INDEX student_course_by_course;

CREATE INDEX student_course_by_course ON student_course (course_id, status, queue_number, student_id);

CREATE TRIGGER student_course_queue_follows_the_events
AFTER INSERT ON student_course_event
WHEN 'waitlisted' IN (NEW.from_status, NEW.to_status)
BEGIN
    UPDATE student_course
    SET queue_number = coalesce(
        (
            SELECT max(id) FROM student_course_event
            WHERE student_id = NEW.student_id
                AND course_id = NEW.course_id
                AND to_status = 'waitlisted'
                AND from_status IS NOT 'waitlisted'
                AND NEW.to_status = 'waitlisted'
        ),
        0
    )
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
END;

CREATE TRIGGER student_course_insert_does_not_jump_the_queue
BEFORE INSERT ON student_course
WHEN NEW.queue_number <> 0
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

CREATE TRIGGER student_course_update_does_not_jump_the_queue
BEFORE UPDATE OF queue_number ON student_course
WHEN NEW.queue_number IS NOT coalesce(
        (
            SELECT max(id) FROM student_course_event
            WHERE student_id = NEW.student_id
                AND course_id = NEW.course_id
                AND to_status = 'waitlisted'
                AND from_status IS NOT 'waitlisted'
                AND NEW.status = 'waitlisted'
        ),
        0
    )
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

-- The places of a waitlist are as hard as the seats of a course.
CREATE TRIGGER student_course_insert_needs_a_place_to_wait
AFTER INSERT ON student_course
WHEN NEW.status = 'waitlisted' AND coalesce(NEW.overridden, '') NOT LIKE '%"waitlist_full"%'
BEGIN
    SELECT RAISE(ABORT, 'waitlist_full')
    FROM course
    WHERE id = NEW.course_id
        AND waitlist_capacity IS NOT NULL
        AND waitlist_capacity < (
            SELECT count(*) FROM student_course
            WHERE course_id = NEW.course_id AND status = 'waitlisted'
        );
END;

CREATE TRIGGER student_course_update_needs_a_place_to_wait
AFTER UPDATE OF status ON student_course
WHEN NEW.status = 'waitlisted'
    AND OLD.status <> 'waitlisted'
    AND NOT (NEW.version > OLD.version AND coalesce(NEW.overridden, '') LIKE '%"waitlist_full"%')
BEGIN
    SELECT RAISE(ABORT, 'waitlist_full')
    FROM course
    WHERE id = NEW.course_id
        AND waitlist_capacity IS NOT NULL
        AND waitlist_capacity < (
            SELECT count(*) FROM student_course
            WHERE course_id = NEW.course_id AND status = 'waitlisted'
        );
END;

-- As before, but where there is no limit the students are not counted: so that 10,000 of them can be
-- enrolled at once.
DROP TRIGGER student_course_insert_needs_a_seat;

DROP TRIGGER student_course_update_needs_a_seat;

-- The seats honour an override that is recorded with the very change, and nothing else.
CREATE TRIGGER student_course_insert_needs_a_seat
AFTER INSERT ON student_course
WHEN NEW.status = 'enrolled' AND coalesce(NEW.overridden, '') NOT LIKE '%"course_full"%'
BEGIN
    SELECT RAISE(ABORT, 'course_full')
    FROM course
    WHERE id = NEW.course_id
        AND capacity IS NOT NULL
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
        AND capacity IS NOT NULL
        AND capacity < (
            SELECT count(*) FROM student_course
            WHERE course_id = NEW.course_id AND status = 'enrolled'
        );
END;
