-- A registrar can move a student on a waitlist, on record.
-- depends: 0023.add-imports

-- The order of a waitlist is that of queue_number, and then of queue_fraction: the digits after a decimal point, so
-- that there is always a place between two others. It is '' unless the student was moved. Digits without a zero at
-- the end are in the order of the numbers.
ALTER TABLE student_course ADD COLUMN queue_fraction TEXT NOT NULL DEFAULT ''
    CONSTRAINT student_course_queue_fraction_is_digits
        CHECK (queue_fraction NOT GLOB '*[^0-9]*' AND queue_fraction NOT LIKE '%0');

-- Both are NULL unless the event moves the student, or takes back what came after a move. position is the one to
-- which a student was moved.
ALTER TABLE student_course_event ADD COLUMN queue_number INTEGER;

ALTER TABLE student_course_event ADD COLUMN queue_fraction TEXT;

ALTER TABLE student_course_event ADD COLUMN position INTEGER
    CONSTRAINT student_course_event_place_makes_sense CHECK (
        (queue_number IS NULL) = (queue_fraction IS NULL)
        AND queue_number >= 0
        AND queue_fraction <> ''
        AND queue_fraction NOT GLOB '*[^0-9]*'
        AND queue_fraction NOT LIKE '%0'
        AND position >= 1
    );

DROP INDEX student_course_by_course;

CREATE INDEX student_course_by_course
ON student_course (course_id, status, queue_number, queue_fraction, student_id);

DROP VIEW enrollment_event;

CREATE VIEW enrollment_event AS
SELECT
    id, student_id, course_id, from_status, to_status, effective_at, recorded_at, place_of, passed, grade,
    queue_number, queue_fraction,
    (
        SELECT min(later.id) FROM student_course_event AS later
        WHERE later.student_id = event.student_id AND later.course_id = event.course_id
            AND later.corrects IS NOT NULL
            AND later.id > event.id
            AND coalesce(later.restores, later.corrects) <= event.id
    ) AS superseded_by,
    (
        SELECT min(later.recorded_at) FROM student_course_event AS later
        WHERE later.student_id = event.student_id AND later.course_id = event.course_id
            AND later.corrects IS NOT NULL
            AND later.id > event.id
            AND coalesce(later.restores, later.corrects) <= event.id
    ) AS superseded_at
FROM student_course_event AS event;

DROP VIEW enrollment;

CREATE VIEW enrollment AS
SELECT
    student_id, course_id, status, queue_number, queue_fraction,
    CASE
        WHEN status = 'waitlisted' THEN (
            SELECT count(*) FROM student_course AS ahead
            WHERE ahead.course_id = student_course.course_id
                AND ahead.status = 'waitlisted'
                AND (ahead.queue_number, ahead.queue_fraction)
                    <= (student_course.queue_number, student_course.queue_fraction)
        )
    END AS position,
    enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade, passed_at, version
FROM student_course
WHERE status <> 'void';

DROP TRIGGER student_course_insert_does_not_jump_the_queue;

CREATE TRIGGER student_course_insert_does_not_jump_the_queue
BEFORE INSERT ON student_course
WHEN NEW.queue_number <> 0 OR NEW.queue_fraction <> ''
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

-- A move is on record: it raises the version, and has a reason.
DROP TRIGGER student_course_update_does_not_jump_the_queue;

CREATE TRIGGER student_course_update_does_not_jump_the_queue
BEFORE UPDATE OF queue_number, queue_fraction ON student_course
WHEN NOT (
        NEW.version > OLD.version
        AND (OLD.status, NEW.status) = ('waitlisted', 'waitlisted')
        AND NEW.change_reason IS NOT NULL
        AND NEW.corrects IS OLD.corrects
        AND NEW.queue_fraction <> ''
    )
    AND (NEW.queue_number, NEW.queue_fraction) IS NOT (
        SELECT coalesce(last.queue_number, last.place_of, last.id, 0), coalesce(last.queue_fraction, '')
        FROM (SELECT 1)
        LEFT JOIN (
            SELECT id, place_of, queue_number, queue_fraction FROM enrollment_event
            WHERE student_id = NEW.student_id
                AND course_id = NEW.course_id
                AND to_status = 'waitlisted'
                AND (from_status IS NOT 'waitlisted' OR queue_number IS NOT NULL)
                AND superseded_by IS NULL
                AND NEW.status = 'waitlisted'
            ORDER BY id DESC LIMIT 1
        ) AS last
    )
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

DROP TRIGGER student_course_queue_follows_the_events;

CREATE TRIGGER student_course_queue_follows_the_events
AFTER INSERT ON student_course_event
WHEN 'waitlisted' IN (NEW.from_status, NEW.to_status) OR NEW.corrects IS NOT NULL
BEGIN
    UPDATE student_course
    SET (queue_number, queue_fraction) = (
        SELECT coalesce(last.queue_number, last.place_of, last.id, 0), coalesce(last.queue_fraction, '')
        FROM (SELECT 1)
        LEFT JOIN (
            SELECT id, place_of, queue_number, queue_fraction FROM enrollment_event
            WHERE student_id = NEW.student_id
                AND course_id = NEW.course_id
                AND to_status = 'waitlisted'
                AND (from_status IS NOT 'waitlisted' OR queue_number IS NOT NULL)
                AND superseded_by IS NULL
                AND NEW.to_status = 'waitlisted'
            ORDER BY id DESC LIMIT 1
        ) AS last
    )
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
END;

DROP TRIGGER student_course_event_takes_over_a_free_place;

CREATE TRIGGER student_course_event_takes_over_a_free_place
BEFORE INSERT ON student_course_event
WHEN NEW.place_of IS NOT NULL
    AND NEW.corrects IS NULL
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
            WHERE course_id = NEW.course_id AND status = 'waitlisted'
                AND queue_number = NEW.place_of AND queue_fraction = ''
        )
    )
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

-- A move leaves a student on the waitlist, in a place that no one else has, and says why. What follows a correction
-- is held to its rules.
CREATE TRIGGER student_course_event_moves_on_the_waitlist
BEFORE INSERT ON student_course_event
WHEN coalesce(NEW.queue_number, NEW.queue_fraction, NEW.position) IS NOT NULL
    AND NEW.corrects IS NULL
    AND (
        NEW.from_status IS NOT 'waitlisted'
        OR NEW.to_status <> 'waitlisted'
        OR NEW.reason IS NULL
        OR NEW.position IS NULL
        OR EXISTS (
            SELECT 1 FROM student_course
            WHERE course_id = NEW.course_id AND status = 'waitlisted'
                AND queue_number = NEW.queue_number AND queue_fraction = NEW.queue_fraction
                AND student_id <> NEW.student_id
        )
    )
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

-- As before, with the place to which the student was moved.
DROP TRIGGER student_course_update_is_recorded;

CREATE TRIGGER student_course_update_is_recorded
AFTER UPDATE ON student_course
WHEN NEW.status <> OLD.status
    OR NEW.changed_at <> OLD.changed_at
    OR NEW.effective_at IS NOT OLD.effective_at
    OR NEW.overridden IS NOT OLD.overridden
    OR NEW.place_of IS NOT OLD.place_of
    OR NEW.corrects IS NOT OLD.corrects
    OR NEW.restores IS NOT OLD.restores
    OR (NEW.queue_number, NEW.queue_fraction) <> (OLD.queue_number, OLD.queue_fraction)
    AND NEW.version > OLD.version
    OR NEW.change_reason IS NOT OLD.change_reason
    AND NOT (
        NEW.change_reason IS NULL
        AND EXISTS (SELECT 1 FROM erasure WHERE student_id = NEW.student_id)
    )
    OR NEW.changed_by IS NOT OLD.changed_by
    AND NOT EXISTS (
        SELECT 1 FROM erased_actor WHERE actor = OLD.changed_by AND remains = NEW.changed_by
    )
    OR (NEW.enrolled_at, NEW.waitlisted_at, NEW.completed_at, NEW.dropped_at)
        IS NOT (OLD.enrolled_at, OLD.waitlisted_at, OLD.completed_at, OLD.dropped_at)
    AND NOT EXISTS (
        SELECT 1 FROM enrollment_version
        WHERE event_id = (
                SELECT max(id) FROM student_course_event
                WHERE student_id = NEW.student_id AND course_id = NEW.course_id
            )
            AND (enrolled_at, waitlisted_at, completed_at, dropped_at)
                IS (NEW.enrolled_at, NEW.waitlisted_at, NEW.completed_at, NEW.dropped_at)
    )
    OR NEW.status <> 'void'
    AND (NEW.passed, NEW.grade, NEW.passed_at) IS NOT (OLD.passed, OLD.grade, OLD.passed_at)
    AND NOT EXISTS (
        SELECT 1 FROM enrollment_version
        WHERE event_id = (
                SELECT max(id) FROM student_course_event
                WHERE student_id = NEW.student_id AND course_id = NEW.course_id
            )
            AND (passed, grade, passed_at) IS (NEW.passed, NEW.grade, NEW.passed_at)
    )
BEGIN
    INSERT INTO student_course_event (
        student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden,
        place_of, corrects, restores, passed, grade, queue_number, queue_fraction, position
    )
    SELECT
        NEW.student_id,
        NEW.course_id,
        CASE
            -- What held before the corrected event, or before the restored one.
            WHEN change.corrects IS NOT NULL AND NEW.status <> 'void' THEN (
                SELECT to_status FROM enrollment_event
                WHERE student_id = NEW.student_id
                    AND course_id = NEW.course_id
                    AND id < coalesce(change.restores, change.corrects)
                    AND superseded_by IS NULL
                ORDER BY id DESC LIMIT 1
            )
            ELSE OLD.status
        END,
        NEW.status,
        CASE
            -- It is void from its beginning.
            WHEN NEW.status = 'void' AND OLD.status <> 'void'
                THEN (SELECT effective_at FROM student_course_event WHERE id = change.corrects)
            WHEN change.effective_at IS NOT NULL THEN change.effective_at
            -- What stays as it was has been so since then.
            WHEN NEW.status = OLD.status THEN last.effective_at
            ELSE max(change.at, last.effective_at)
        END,
        max(change.at, last.recorded_at),
        iif(NEW.version > OLD.version, NEW.changed_by, NULL),
        iif(NEW.version > OLD.version, NEW.change_reason, NULL),
        iif(NEW.version > OLD.version, NEW.overridden, NULL),
        CASE
            WHEN change.corrects IS NULL
                THEN iif(NEW.version > OLD.version AND NEW.place_of IS NOT OLD.place_of, NEW.place_of, NULL)
            WHEN NEW.status = 'waitlisted' THEN (
                SELECT iif(to_status = 'waitlisted', coalesce(place_of, id), NULL) FROM student_course_event
                WHERE id = coalesce(change.restores, change.corrects)
            )
        END,
        change.corrects,
        change.restores,
        iif(NEW.status = 'completed', coalesce(NEW.passed, 1), NULL),
        iif(NEW.status = 'completed', NEW.grade, NULL),
        iif(change.corrects IS NULL, change.queue_number, moved.queue_number),
        iif(change.corrects IS NULL, change.queue_fraction, moved.queue_fraction),
        CASE
            WHEN change.queue_number IS NOT NULL THEN (
                SELECT count(*) FROM student_course
                WHERE course_id = NEW.course_id
                    AND status = 'waitlisted'
                    AND (queue_number, queue_fraction) <= (NEW.queue_number, NEW.queue_fraction)
            )
        END
    FROM (
        SELECT
            iif(NEW.version > OLD.version, NEW.changed_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) AS at,
            iif(NEW.version > OLD.version, NEW.effective_at, NULL) AS effective_at,
            CASE
                WHEN NEW.status = 'void' AND OLD.status <> 'void' THEN (
                    SELECT min(id) FROM enrollment_event
                    WHERE student_id = NEW.student_id
                        AND course_id = NEW.course_id
                        AND superseded_by IS NULL
                        AND to_status <> 'void'
                )
                WHEN NEW.version > OLD.version AND NEW.corrects IS NOT OLD.corrects THEN NEW.corrects
            END AS corrects,
            iif(NEW.version > OLD.version AND NEW.corrects IS NOT OLD.corrects, NEW.restores, NULL) AS restores,
            iif(
                NEW.version > OLD.version AND (NEW.queue_number, NEW.queue_fraction) <> (OLD.queue_number, OLD.queue_fraction),
                NEW.queue_number,
                NULL
            ) AS queue_number,
            iif(
                NEW.version > OLD.version AND (NEW.queue_number, NEW.queue_fraction) <> (OLD.queue_number, OLD.queue_fraction),
                NEW.queue_fraction,
                NULL
            ) AS queue_fraction
    ) AS change
    JOIN (
        SELECT effective_at, recorded_at FROM student_course_event
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id
        ORDER BY id DESC LIMIT 1
    ) AS last
    -- What is waitlisted again is in the place to which it was moved last, if it was.
    LEFT JOIN (
        SELECT queue_number, queue_fraction FROM enrollment_event
        WHERE NEW.status = 'waitlisted'
            AND NEW.corrects IS NOT OLD.corrects
            AND student_id = NEW.student_id
            AND course_id = NEW.course_id
            AND id BETWEEN coalesce(NEW.restores, NEW.corrects) AND NEW.corrects
            AND queue_number IS NOT NULL
            AND superseded_by IS NULL
        ORDER BY id DESC LIMIT 1
    ) AS moved;
    UPDATE student_course
    SET version = OLD.version + 1
    WHERE student_id = NEW.student_id
        AND course_id = NEW.course_id
        AND NEW.version <= OLD.version;
END;

-- As before; what is waitlisted again is in the place to which it was moved last.
DROP TRIGGER student_course_event_corrects_the_latest;

CREATE TRIGGER student_course_event_corrects_the_latest
AFTER INSERT ON student_course_event
WHEN NEW.corrects IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'history is append-only')
    WHERE NEW.to_status = 'void'
        AND NOT (
            NEW.restores IS NULL
            AND (NEW.corrects, NEW.effective_at) IS (
                SELECT id, effective_at FROM enrollment_event
                WHERE student_id = NEW.student_id
                    AND course_id = NEW.course_id
                    AND id < NEW.id
                    AND to_status <> 'void'
                    AND coalesce(superseded_by, NEW.id) = NEW.id
                ORDER BY id LIMIT 1
            )
        );
    SELECT RAISE(ABORT, 'history is append-only')
    WHERE NEW.to_status <> 'void'
        AND NOT (
            NEW.from_status IS NOT NEW.to_status
            AND (NEW.corrects, true) IS (
                SELECT id, to_status <> 'void' FROM enrollment_event
                WHERE student_id = NEW.student_id
                    AND course_id = NEW.course_id
                    AND id < NEW.id
                    AND from_status IS NOT to_status
                    AND coalesce(superseded_by, NEW.id) = NEW.id
                ORDER BY id DESC LIMIT 1
            )
            AND (
                NEW.restores IS NULL
                OR (NEW.restores, NEW.to_status, NEW.effective_at, NEW.passed, NEW.grade) IS (
                    SELECT id, to_status, effective_at, passed, grade FROM enrollment_event
                    WHERE student_id = NEW.student_id
                        AND course_id = NEW.course_id
                        AND id < NEW.corrects
                        AND from_status IS NOT to_status
                        AND coalesce(superseded_by, NEW.id) = NEW.id
                    ORDER BY id DESC LIMIT 1
                )
            )
            AND (NEW.from_status, true) IS (
                SELECT max(to_status), coalesce(max(to_status = 'void' OR effective_at <= NEW.effective_at), true)
                FROM (
                    SELECT to_status, effective_at FROM enrollment_event
                    WHERE student_id = NEW.student_id
                        AND course_id = NEW.course_id
                        AND id < coalesce(NEW.restores, NEW.corrects)
                        AND superseded_by IS NULL
                    ORDER BY id DESC LIMIT 1
                )
            )
            AND NEW.place_of IS (
                SELECT iif(to_status = 'waitlisted' AND NEW.to_status = 'waitlisted', coalesce(place_of, id), NULL)
                FROM student_course_event
                WHERE id = coalesce(NEW.restores, NEW.corrects)
            )
            AND (NEW.queue_number, NEW.queue_fraction) IS (
                SELECT max(queue_number), max(queue_fraction)
                FROM (
                    SELECT queue_number, queue_fraction FROM enrollment_event
                    WHERE NEW.to_status = 'waitlisted'
                        AND student_id = NEW.student_id
                        AND course_id = NEW.course_id
                        AND id BETWEEN coalesce(NEW.restores, NEW.corrects) AND NEW.corrects
                        AND queue_number IS NOT NULL
                        AND coalesce(superseded_by, NEW.id) = NEW.id
                    ORDER BY id DESC LIMIT 1
                )
            )
        );
END;

-- As before, with the new columns.
DROP TRIGGER student_course_event_is_never_updated;

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
    OR NEW.corrects IS NOT OLD.corrects
    OR NEW.restores IS NOT OLD.restores
    OR NEW.passed IS NOT OLD.passed
    OR NEW.grade IS NOT OLD.grade
    OR (NEW.queue_number, NEW.queue_fraction, NEW.position)
        IS NOT (OLD.queue_number, OLD.queue_fraction, OLD.position)
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
