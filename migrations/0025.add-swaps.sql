-- A student can wait for a seat instead of another enrollment, which the promotion drops.
-- depends: 0024.add-waitlist-moves

-- The course that a waitlisted student gives up for the seat. It stays when the student is promoted: if that is
-- taken back, the student waits as before. No foreign key: the student may have left that course since.
ALTER TABLE student_course ADD COLUMN instead_of INTEGER
    CONSTRAINT student_course_instead_of_another CHECK (instead_of <> course_id);

ALTER TABLE student_course_event ADD COLUMN instead_of INTEGER
    CONSTRAINT student_course_event_waits_instead
        CHECK (instead_of IS NULL OR instead_of <> course_id AND to_status = 'waitlisted');

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
    enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade, passed_at, version,
    CASE WHEN status = 'waitlisted' THEN instead_of END AS instead_of
FROM student_course
WHERE status <> 'void';

-- What each waitlisted student gives up for the seat. Who has left the other course gives up nothing.
CREATE VIEW swap AS
SELECT waiting.student_id, waiting.course_id, waiting.instead_of
FROM student_course AS waiting
CROSS JOIN student_course AS other
WHERE waiting.status = 'waitlisted'
    AND other.student_id = waiting.student_id
    AND other.course_id = waiting.instead_of
    AND other.status = 'enrolled';

-- As before, with what the student gives up.
DROP TRIGGER student_course_insert_is_recorded;

CREATE TRIGGER student_course_insert_is_recorded
AFTER INSERT ON student_course
BEGIN
    INSERT INTO student_course_event (
        student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden,
        place_of, corrects, restores, passed, grade, instead_of
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
        NEW.place_of,
        NEW.corrects,
        NEW.restores,
        iif(NEW.status = 'completed', coalesce(NEW.passed, 1), NULL),
        iif(NEW.status = 'completed', NEW.grade, NULL),
        iif(NEW.status = 'waitlisted', NEW.instead_of, NULL)
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
    OR NEW.instead_of IS NOT OLD.instead_of AND NEW.status = 'waitlisted'
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
        place_of, corrects, restores, passed, grade, queue_number, queue_fraction, position,
        instead_of
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
        END,
        iif(NEW.status = 'waitlisted', NEW.instead_of, NULL)
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
    OR NEW.instead_of IS NOT OLD.instead_of
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
