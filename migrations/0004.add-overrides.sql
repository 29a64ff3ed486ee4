-- Rules that a named person sets aside for one enrolment, on record.
-- depends: 0003.add-registration-rules

-- The codes of the rules that the latest change set aside: a JSON array, or NULL.
ALTER TABLE student_course ADD COLUMN overridden TEXT
    CONSTRAINT student_course_overridden_is_a_list CHECK (overridden LIKE '["%"]');

ALTER TABLE student_course_event ADD COLUMN overridden TEXT
    CONSTRAINT student_course_event_overridden_is_a_list CHECK (overridden LIKE '["%"]');

DROP TRIGGER student_course_insert_is_recorded;

DROP TRIGGER student_course_update_is_recorded;

DROP TRIGGER student_course_insert_needs_a_seat;

DROP TRIGGER student_course_update_needs_a_seat;

CREATE TRIGGER student_course_insert_is_recorded
AFTER INSERT ON student_course
BEGIN
    INSERT INTO student_course_event
        (student_id, course_id, from_status, to_status, recorded_at, actor, reason, overridden)
    VALUES (
        NEW.student_id,
        NEW.course_id,
        (
            SELECT to_status FROM student_course_event
            WHERE student_id = NEW.student_id AND course_id = NEW.course_id
            ORDER BY id DESC LIMIT 1
        ),
        NEW.status,
        NEW.changed_at,
        NEW.changed_by,
        NEW.change_reason,
        NEW.overridden
    );
    UPDATE student_course
    SET version = (
        SELECT count(*) FROM student_course_event
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id
    )
    WHERE student_id = NEW.student_id
        AND course_id = NEW.course_id
        AND version < (
            SELECT count(*) FROM student_course_event
            WHERE student_id = NEW.student_id AND course_id = NEW.course_id
        );
END;

CREATE TRIGGER student_course_update_is_recorded
AFTER UPDATE ON student_course
WHEN NEW.status <> OLD.status
    OR NEW.enrolled_at IS NOT OLD.enrolled_at
    OR NEW.waitlisted_at IS NOT OLD.waitlisted_at
    OR NEW.completed_at IS NOT OLD.completed_at
    OR NEW.dropped_at IS NOT OLD.dropped_at
    OR NEW.changed_at <> OLD.changed_at
    OR NEW.changed_by IS NOT OLD.changed_by
    OR NEW.change_reason IS NOT OLD.change_reason
    OR NEW.overridden IS NOT OLD.overridden
BEGIN
    INSERT INTO student_course_event
        (student_id, course_id, from_status, to_status, recorded_at, actor, reason, overridden)
    VALUES (
        NEW.student_id,
        NEW.course_id,
        OLD.status,
        NEW.status,
        iif(NEW.version > OLD.version, NEW.changed_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        iif(NEW.version > OLD.version, NEW.changed_by, NULL),
        iif(NEW.version > OLD.version, NEW.change_reason, NULL),
        iif(NEW.version > OLD.version, NEW.overridden, NULL)
    );
    UPDATE student_course
    SET version = OLD.version + 1
    WHERE student_id = NEW.student_id
        AND course_id = NEW.course_id
        AND NEW.version <= OLD.version;
END;

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
