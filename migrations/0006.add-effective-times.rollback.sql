-- Takes away when changes were true; when they were recorded stays.

DROP INDEX student_course_event_by_course;

DROP INDEX student_course_by_course_and_student;

DROP TRIGGER student_course_insert_is_recorded;

DROP TRIGGER student_course_update_is_recorded;

DROP TRIGGER student_course_event_follows_the_last;

ALTER TABLE student_course_event DROP COLUMN effective_at;

ALTER TABLE student_course DROP COLUMN effective_at;

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

CREATE TRIGGER student_course_event_follows_the_last
AFTER INSERT ON student_course_event
WHEN NEW.id <> 1 + coalesce(
        (SELECT id FROM student_course_event WHERE id <> NEW.id ORDER BY id DESC LIMIT 1), 0
    )
    OR NOT EXISTS (
        SELECT 1 FROM student_course
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND status = NEW.to_status
    )
    OR NEW.from_status IS NOT (
        SELECT to_status FROM student_course_event
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND id < NEW.id
        ORDER BY id DESC LIMIT 1
    )
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;
