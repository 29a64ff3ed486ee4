-- Takes corrections and outcomes away. What corrected a change stays on record as one more change.

DROP TRIGGER student_course_event_corrects_the_latest;

DROP TRIGGER student_course_outcome_follows_the_events;

DROP TRIGGER student_course_follows_a_correction;

DROP TRIGGER student_course_event_takes_over_a_free_place;

DROP TRIGGER student_course_queue_follows_the_events;

DROP TRIGGER student_course_update_does_not_jump_the_queue;

DROP TRIGGER student_course_insert_is_recorded;

DROP TRIGGER student_course_update_is_recorded;

DROP TRIGGER student_course_event_follows_the_last;

DROP TRIGGER student_course_event_is_never_updated;

DROP VIEW enrollment;

DROP VIEW enrollment_version;

DROP VIEW enrollment_event;

DROP INDEX student_course_event_that_corrects;

-- Before 0016 each event continues the one before it, and only a void takes effect before it did.
UPDATE student_course_event
SET from_status = (
        SELECT to_status FROM student_course_event AS before
        WHERE before.student_id = student_course_event.student_id
            AND before.course_id = student_course_event.course_id
            AND before.id < student_course_event.id
        ORDER BY before.id DESC LIMIT 1
    )
WHERE corrects IS NOT NULL;

UPDATE student_course_event
SET effective_at = CASE
        WHEN to_status = 'void' THEN (
            SELECT first.effective_at FROM student_course_event AS first
            WHERE first.student_id = student_course_event.student_id
                AND first.course_id = student_course_event.course_id
                AND first.id > coalesce(
                    (
                        SELECT max(void.id) FROM student_course_event AS void
                        WHERE void.student_id = student_course_event.student_id
                            AND void.course_id = student_course_event.course_id
                            AND void.id < student_course_event.id
                            AND void.to_status = 'void'
                    ),
                    0
                )
            ORDER BY first.id LIMIT 1
        )
        ELSE (
            SELECT max(earlier.effective_at) FROM student_course_event AS earlier
            WHERE earlier.student_id = student_course_event.student_id
                AND earlier.course_id = student_course_event.course_id
                AND earlier.id <= student_course_event.id
                AND earlier.id > coalesce(
                    (
                        SELECT max(void.id) FROM student_course_event AS void
                        WHERE void.student_id = student_course_event.student_id
                            AND void.course_id = student_course_event.course_id
                            AND void.id <= student_course_event.id
                            AND void.to_status = 'void'
                    ),
                    0
                )
        )
    END
WHERE (student_id, course_id) IN (SELECT student_id, course_id FROM student_course_event WHERE corrects IS NOT NULL)
    AND coalesce(from_status, '') <> 'void';

ALTER TABLE student_course_event DROP COLUMN grade;

ALTER TABLE student_course_event DROP COLUMN passed;

ALTER TABLE student_course_event DROP COLUMN restores;

ALTER TABLE student_course_event DROP COLUMN corrects;

ALTER TABLE student_course DROP COLUMN passed_at;

ALTER TABLE student_course DROP COLUMN grade;

ALTER TABLE student_course DROP COLUMN passed;

ALTER TABLE student_course DROP COLUMN restores;

ALTER TABLE student_course DROP COLUMN corrects;

CREATE TRIGGER student_course_event_takes_over_a_free_place
BEFORE INSERT ON student_course_event
WHEN NEW.place_of IS NOT NULL
    AND (
        NEW.to_status <> 'waitlisted'
        OR NEW.from_status IS 'waitlisted'
        OR NOT EXISTS (
            SELECT 1 FROM student_course_event AS first
            WHERE first.id = NEW.place_of
                AND first.course_id = NEW.course_id
                AND first.to_status = 'waitlisted'
                AND first.from_status IS NOT 'waitlisted'
                AND NOT EXISTS (
                    SELECT 1 FROM student_course
                    WHERE student_id = first.student_id AND course_id = first.course_id
                        AND student_id <> NEW.student_id AND status <> 'void'
                )
        )
        OR EXISTS (
            SELECT 1 FROM student_course
            WHERE course_id = NEW.course_id AND status = 'waitlisted' AND queue_number = NEW.place_of
        )
    )
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

CREATE TRIGGER student_course_queue_follows_the_events
AFTER INSERT ON student_course_event
WHEN 'waitlisted' IN (NEW.from_status, NEW.to_status)
BEGIN
    UPDATE student_course
    SET queue_number = coalesce(
        (
            SELECT coalesce(place_of, id) FROM student_course_event
            WHERE student_id = NEW.student_id
                AND course_id = NEW.course_id
                AND to_status = 'waitlisted'
                AND from_status IS NOT 'waitlisted'
                AND NEW.to_status = 'waitlisted'
            ORDER BY id DESC LIMIT 1
        ),
        0
    )
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
END;

CREATE TRIGGER student_course_update_does_not_jump_the_queue
BEFORE UPDATE OF queue_number ON student_course
WHEN NEW.queue_number IS NOT coalesce(
        (
            SELECT coalesce(place_of, id) FROM student_course_event
            WHERE student_id = NEW.student_id
                AND course_id = NEW.course_id
                AND to_status = 'waitlisted'
                AND from_status IS NOT 'waitlisted'
                AND NEW.status = 'waitlisted'
            ORDER BY id DESC LIMIT 1
        ),
        0
    )
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

CREATE TRIGGER student_course_insert_is_recorded
AFTER INSERT ON student_course
BEGIN
    INSERT INTO student_course_event (
        student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden,
        place_of
    )
    SELECT
        NEW.student_id,
        NEW.course_id,
        last.to_status,
        NEW.status,
        coalesce(NEW.effective_at, max(NEW.changed_at, coalesce(last.effective_at, ''))),
        max(NEW.changed_at, coalesce(last.recorded_at, '')),
        NEW.changed_by,
        NEW.change_reason,
        NEW.overridden,
        NEW.place_of
    FROM (SELECT 1)
    LEFT JOIN (
        SELECT to_status, effective_at, recorded_at FROM student_course_event
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id
        ORDER BY id DESC LIMIT 1
    ) AS last;
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
    OR NEW.effective_at IS NOT OLD.effective_at
    OR NEW.overridden IS NOT OLD.overridden
    OR NEW.place_of IS NOT OLD.place_of
    OR NEW.change_reason IS NOT OLD.change_reason
    AND NOT (
        NEW.change_reason IS NULL
        AND EXISTS (SELECT 1 FROM erasure WHERE student_id = NEW.student_id)
    )
    OR NEW.changed_by IS NOT OLD.changed_by
    AND NOT EXISTS (
        SELECT 1 FROM erased_actor WHERE actor = OLD.changed_by AND remains = NEW.changed_by
    )
BEGIN
    INSERT INTO student_course_event (
        student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden,
        place_of
    )
    SELECT
        NEW.student_id,
        NEW.course_id,
        OLD.status,
        NEW.status,
        CASE
            -- It is void from its beginning: since the event after the last void, or the first.
            WHEN NEW.status = 'void' AND OLD.status <> 'void' THEN (
                SELECT effective_at FROM student_course_event
                WHERE student_id = NEW.student_id
                    AND course_id = NEW.course_id
                    AND id > coalesce(
                        (
                            SELECT max(id) FROM student_course_event
                            WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND to_status = 'void'
                        ),
                        0
                    )
                ORDER BY id LIMIT 1
            )
            WHEN change.effective_at IS NOT NULL THEN change.effective_at
            -- What stays as it was has been so since then.
            WHEN NEW.status = OLD.status THEN last.effective_at
            ELSE max(change.at, last.effective_at)
        END,
        max(change.at, last.recorded_at),
        iif(NEW.version > OLD.version, NEW.changed_by, NULL),
        iif(NEW.version > OLD.version, NEW.change_reason, NULL),
        iif(NEW.version > OLD.version, NEW.overridden, NULL),
        iif(NEW.version > OLD.version AND NEW.place_of IS NOT OLD.place_of, NEW.place_of, NULL)
    FROM (
        SELECT
            iif(NEW.version > OLD.version, NEW.changed_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) AS at,
            iif(NEW.version > OLD.version, NEW.effective_at, NULL) AS effective_at
    ) AS change
    JOIN (
        SELECT effective_at, recorded_at FROM student_course_event
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id
        ORDER BY id DESC LIMIT 1
    ) AS last;
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
    OR EXISTS (
        SELECT 1
        FROM (
            SELECT effective_at, recorded_at FROM student_course_event
            WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND id < NEW.id
            ORDER BY id DESC LIMIT 1
        ) AS last
        WHERE NEW.recorded_at < last.recorded_at
            OR NEW.effective_at < last.effective_at AND 'void' NOT IN (NEW.from_status, NEW.to_status)
    )
    OR NEW.to_status = 'void'
    AND NEW.from_status IS NOT 'void'
    AND NEW.effective_at IS NOT (
        SELECT effective_at FROM student_course_event
        WHERE student_id = NEW.student_id
            AND course_id = NEW.course_id
            AND id < NEW.id
            AND id > coalesce(
                (
                    SELECT max(id) FROM student_course_event
                    WHERE student_id = NEW.student_id
                        AND course_id = NEW.course_id
                        AND id < NEW.id
                        AND to_status = 'void'
                ),
                0
            )
        ORDER BY id LIMIT 1
    )
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE TRIGGER student_course_event_is_never_updated
BEFORE UPDATE ON student_course_event
WHEN NEW.id <> OLD.id
    OR NEW.student_id <> OLD.student_id
    OR NEW.course_id <> OLD.course_id
    OR NEW.from_status IS NOT OLD.from_status
    OR NEW.to_status <> OLD.to_status
    OR NEW.effective_at <> OLD.effective_at
    OR NEW.recorded_at <> OLD.recorded_at
    OR NEW.overridden IS NOT OLD.overridden
    OR NEW.place_of IS NOT OLD.place_of
    OR NOT (
        NEW.reason IS OLD.reason
        OR NEW.reason IS NULL AND EXISTS (SELECT 1 FROM erasure WHERE student_id = OLD.student_id)
    )
    OR NOT (
        NEW.actor IS OLD.actor
        OR EXISTS (SELECT 1 FROM erased_actor WHERE actor = OLD.actor AND remains = NEW.actor)
    )
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE VIEW enrollment AS
SELECT
    student_id, course_id, status, queue_number,
    CASE
        WHEN status = 'waitlisted' THEN (
            SELECT count(*) FROM student_course AS ahead
            WHERE ahead.course_id = student_course.course_id
                AND ahead.status = 'waitlisted'
                AND ahead.queue_number <= student_course.queue_number
        )
    END AS position,
    enrolled_at, waitlisted_at, completed_at, dropped_at, version
FROM student_course
WHERE status <> 'void';

CREATE VIEW enrollment_version AS
SELECT
    last.id AS event_id, last.student_id, last.course_id, last.to_status AS status,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'enrolled' AND event.from_status IS DISTINCT FROM 'enrolled'
            AND NOT EXISTS (
                SELECT 1 FROM student_course_event AS void
                WHERE void.student_id = last.student_id AND void.course_id = last.course_id
                    AND void.id > event.id AND void.id < last.id AND void.to_status = 'void'
            )
    ) AS enrolled_at,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'waitlisted' AND event.from_status IS DISTINCT FROM 'waitlisted'
            AND NOT EXISTS (
                SELECT 1 FROM student_course_event AS void
                WHERE void.student_id = last.student_id AND void.course_id = last.course_id
                    AND void.id > event.id AND void.id < last.id AND void.to_status = 'void'
            )
    ) AS waitlisted_at,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed' AND event.from_status IS DISTINCT FROM 'completed'
            AND NOT EXISTS (
                SELECT 1 FROM student_course_event AS void
                WHERE void.student_id = last.student_id AND void.course_id = last.course_id
                    AND void.id > event.id AND void.id < last.id AND void.to_status = 'void'
            )
    ) AS completed_at,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'dropped' AND event.from_status IS DISTINCT FROM 'dropped'
            AND NOT EXISTS (
                SELECT 1 FROM student_course_event AS void
                WHERE void.student_id = last.student_id AND void.course_id = last.course_id
                    AND void.id > event.id AND void.id < last.id AND void.to_status = 'void'
            )
    ) AS dropped_at,
    (
        SELECT count(*) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
    ) AS version
FROM student_course_event AS last
WHERE last.to_status <> 'void';
