-- The latest change of an enrollment can be corrected or taken back, and a completed course has an outcome.
-- depends: 0015.add-void

-- `corrects` is the event that this one replaces; `restores` is the one before it, which holds again. An event
-- with `corrects` supersedes those of its enrollment from the one it restores, or else corrects, up to itself.
ALTER TABLE student_course_event ADD COLUMN corrects INTEGER;

ALTER TABLE student_course_event ADD COLUMN restores INTEGER;

-- 1: completed and passed, 0: completed and not passed, NULL: not completed by this event.
-- All rows are read for each new constraint, so there is one for both columns.
ALTER TABLE student_course_event ADD COLUMN passed INTEGER;

ALTER TABLE student_course_event ADD COLUMN grade TEXT
    CONSTRAINT student_course_event_outcome_makes_sense
        CHECK (passed IN (0, 1) AND length(grade) BETWEEN 1 AND 10);

-- The first two speak of the latest change. The outcome is that of the last completion, as completed_at is its
-- time. passed_at is the last time at which the student completed the course and passed.
ALTER TABLE student_course ADD COLUMN corrects INTEGER;

ALTER TABLE student_course ADD COLUMN restores INTEGER;

ALTER TABLE student_course ADD COLUMN passed INTEGER;

ALTER TABLE student_course ADD COLUMN grade TEXT;

ALTER TABLE student_course ADD COLUMN passed_at TEXT
    CONSTRAINT student_course_outcome_makes_sense CHECK (
        passed IN (0, 1)
        AND length(grade) BETWEEN 1 AND 10
        AND passed_at IS strftime('%Y-%m-%dT%H:%M:%fZ', passed_at, '+0 days')
    );

DROP TRIGGER student_course_event_is_never_updated;

DROP TRIGGER student_course_update_is_recorded;

-- Who completed a course before there were outcomes has passed.
UPDATE student_course SET passed = 1, passed_at = completed_at WHERE completed_at IS NOT NULL;

UPDATE student_course_event SET passed = 1 WHERE to_status = 'completed';

-- A void supersedes everything since the last one.
UPDATE student_course_event
SET corrects = (
    SELECT min(id) FROM student_course_event AS first
    WHERE first.student_id = student_course_event.student_id
        AND first.course_id = student_course_event.course_id
        AND first.id > coalesce(
            (
                SELECT max(id) FROM student_course_event AS void
                WHERE void.student_id = student_course_event.student_id
                    AND void.course_id = student_course_event.course_id
                    AND void.id < student_course_event.id
                    AND void.to_status = 'void'
            ),
            0
        )
)
WHERE to_status = 'void' AND from_status IS NOT 'void';

-- Few events correct another: so it costs next to nothing to find out that none does.
CREATE INDEX student_course_event_that_corrects ON student_course_event (student_id, course_id, id)
WHERE corrects IS NOT NULL;

-- Each event with the one that supersedes it, and since when it does. NULL: the event still stands.
CREATE VIEW enrollment_event AS
SELECT
    id, student_id, course_id, from_status, to_status, effective_at, recorded_at, place_of, passed, grade,
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

-- An enrollment as it was after each of its events, by those that stood then: each time is the last at which it
-- took that status. An event that made it void is no version.
DROP VIEW enrollment_version;

CREATE VIEW enrollment_version AS
SELECT
    last.id AS event_id, last.student_id, last.course_id, last.to_status AS status,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'enrolled' AND event.from_status IS DISTINCT FROM 'enrolled'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS enrolled_at,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'waitlisted' AND event.from_status IS DISTINCT FROM 'waitlisted'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS waitlisted_at,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed' AND event.from_status IS DISTINCT FROM 'completed'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS completed_at,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'dropped' AND event.from_status IS DISTINCT FROM 'dropped'
            AND coalesce(event.superseded_by > last.id, true)
    ) AS dropped_at,
    (
        SELECT passed FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed'
            AND coalesce(event.superseded_by > last.id, true)
        ORDER BY event.id DESC LIMIT 1
    ) AS passed,
    (
        SELECT grade FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed'
            AND coalesce(event.superseded_by > last.id, true)
        ORDER BY event.id DESC LIMIT 1
    ) AS grade,
    (
        SELECT max(effective_at) FROM enrollment_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.passed = 1
            AND coalesce(event.superseded_by > last.id, true)
    ) AS passed_at,
    (
        SELECT count(*) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
    ) AS version
FROM student_course_event AS last
WHERE last.to_status <> 'void';

DROP VIEW enrollment;

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
    enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade, passed_at, version
FROM student_course
WHERE status <> 'void';

-- As before, but a correction keeps the place that the enrollment had.
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
            WHERE course_id = NEW.course_id AND status = 'waitlisted' AND queue_number = NEW.place_of
        )
    )
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

-- As before, but by the events that stand.
DROP TRIGGER student_course_queue_follows_the_events;

CREATE TRIGGER student_course_queue_follows_the_events
AFTER INSERT ON student_course_event
WHEN 'waitlisted' IN (NEW.from_status, NEW.to_status) OR NEW.corrects IS NOT NULL
BEGIN
    UPDATE student_course
    SET queue_number = coalesce(
        (
            SELECT coalesce(place_of, id) FROM enrollment_event
            WHERE student_id = NEW.student_id
                AND course_id = NEW.course_id
                AND to_status = 'waitlisted'
                AND from_status IS NOT 'waitlisted'
                AND superseded_by IS NULL
                AND NEW.to_status = 'waitlisted'
            ORDER BY id DESC LIMIT 1
        ),
        0
    )
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
END;

DROP TRIGGER student_course_update_does_not_jump_the_queue;

CREATE TRIGGER student_course_update_does_not_jump_the_queue
BEFORE UPDATE OF queue_number ON student_course
WHEN NEW.queue_number IS NOT coalesce(
        (
            SELECT coalesce(place_of, id) FROM enrollment_event
            WHERE student_id = NEW.student_id
                AND course_id = NEW.course_id
                AND to_status = 'waitlisted'
                AND from_status IS NOT 'waitlisted'
                AND superseded_by IS NULL
                AND NEW.status = 'waitlisted'
            ORDER BY id DESC LIMIT 1
        ),
        0
    )
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

-- As before, with the outcome. A first event corrects nothing: the triggers below refuse it.
DROP TRIGGER student_course_insert_is_recorded;

CREATE TRIGGER student_course_insert_is_recorded
AFTER INSERT ON student_course
BEGIN
    INSERT INTO student_course_event (
        student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden,
        place_of, corrects, restores, passed, grade
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
        iif(NEW.status = 'completed', NEW.grade, NULL)
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

-- As before, with corrections and outcomes. That a row becomes what its events make of it is no change.
CREATE TRIGGER student_course_update_is_recorded
AFTER UPDATE ON student_course
WHEN NEW.status <> OLD.status
    OR NEW.changed_at <> OLD.changed_at
    OR NEW.effective_at IS NOT OLD.effective_at
    OR NEW.overridden IS NOT OLD.overridden
    OR NEW.place_of IS NOT OLD.place_of
    OR NEW.corrects IS NOT OLD.corrects
    OR NEW.restores IS NOT OLD.restores
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
        place_of, corrects, restores, passed, grade
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
        iif(NEW.status = 'completed', NEW.grade, NULL)
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
            iif(NEW.version > OLD.version AND NEW.corrects IS NOT OLD.corrects, NEW.restores, NULL) AS restores
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

-- As before for what is no correction; what corrects another event is held to the rules of the next trigger.
DROP TRIGGER student_course_event_follows_the_last;

CREATE TRIGGER student_course_event_follows_the_last
AFTER INSERT ON student_course_event
WHEN NEW.id <> 1 + coalesce(
        (SELECT id FROM student_course_event WHERE id <> NEW.id ORDER BY id DESC LIMIT 1), 0
    )
    OR NOT EXISTS (
        SELECT 1 FROM student_course
        WHERE student_id = NEW.student_id AND course_id = NEW.course_id AND status = NEW.to_status
    )
    OR (NEW.passed IS NOT NULL) <> (NEW.to_status = 'completed')
    OR NEW.grade IS NOT NULL AND NEW.to_status <> 'completed'
    OR NEW.corrects IS NULL
    AND (NEW.restores IS NOT NULL OR NEW.to_status = 'void' AND NEW.from_status IS NOT 'void')
    OR (NEW.corrects IS NULL OR NEW.to_status = 'void')
    AND NEW.from_status IS NOT (
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
            OR NEW.effective_at < last.effective_at
            AND NEW.corrects IS NULL
            AND 'void' NOT IN (NEW.from_status, NEW.to_status)
    )
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

-- A correction names the latest change that stands, and follows what held before it. One that takes the change
-- back says what the change before it said. A void names the first event, and takes effect when that did. What
-- leaves the status as it was is no change: it is superseded together with the change that it followed.
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
        );
END;

-- A completion has its outcome.
CREATE TRIGGER student_course_outcome_follows_the_events
AFTER INSERT ON student_course_event
WHEN NEW.to_status = 'completed' AND NEW.corrects IS NULL
BEGIN
    UPDATE student_course
    SET passed = NEW.passed,
        grade = NEW.grade,
        passed_at = iif(NEW.passed, NEW.effective_at, passed_at)
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
END;

-- After a correction, times and outcome are those of the events that stand. A void enrollment has none.
CREATE TRIGGER student_course_follows_a_correction
AFTER INSERT ON student_course_event
WHEN NEW.corrects IS NOT NULL
BEGIN
    UPDATE student_course
    SET (enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade, passed_at) = (
        SELECT enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade, passed_at
        FROM enrollment_version
        WHERE event_id = NEW.id
    )
    WHERE student_id = NEW.student_id AND course_id = NEW.course_id;
END;

-- As before, with the new columns.
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
