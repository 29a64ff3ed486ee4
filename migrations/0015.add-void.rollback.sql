-- Takes void enrollments, erasures and places that were taken over away. A void enrollment stays on record as dropped.

-- As in the migration, the tables are made again.
PRAGMA legacy_alter_table = ON;

ALTER TABLE student_course RENAME TO old_student_course;

ALTER TABLE student_course_event RENAME TO old_event;

PRAGMA legacy_alter_table = OFF;

DROP TRIGGER student_who_is_erased_stays_so;

DROP VIEW erased_actor;

DROP TABLE erasure;

CREATE TABLE student_course (
    student_id    INTEGER NOT NULL,
    course_id     INTEGER NOT NULL,
    status        TEXT    NOT NULL,
    enrolled_at   TEXT,
    waitlisted_at TEXT,
    completed_at  TEXT,
    dropped_at    TEXT,
    changed_at    TEXT    NOT NULL,
    changed_by    TEXT,
    change_reason TEXT,
    version       INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT student_course_key PRIMARY KEY (student_id, course_id),
    CONSTRAINT student_course_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE RESTRICT,
    CONSTRAINT student_course_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE RESTRICT,
    CONSTRAINT student_course_status_known
        CHECK (status IN ('enrolled', 'waitlisted', 'completed', 'dropped')),
    CONSTRAINT student_course_status_has_its_time CHECK (
        CASE status
            WHEN 'enrolled' THEN enrolled_at
            WHEN 'waitlisted' THEN waitlisted_at
            WHEN 'completed' THEN completed_at
            WHEN 'dropped' THEN dropped_at
        END IS NOT NULL
    ),
    CONSTRAINT student_course_times_are_times CHECK (
        enrolled_at IS strftime('%Y-%m-%dT%H:%M:%fZ', enrolled_at, '+0 days')
        AND waitlisted_at IS strftime('%Y-%m-%dT%H:%M:%fZ', waitlisted_at, '+0 days')
        AND completed_at IS strftime('%Y-%m-%dT%H:%M:%fZ', completed_at, '+0 days')
        AND dropped_at IS strftime('%Y-%m-%dT%H:%M:%fZ', dropped_at, '+0 days')
        AND changed_at IS strftime('%Y-%m-%dT%H:%M:%fZ', changed_at, '+0 days')
    ),
    CONSTRAINT student_course_version_positive CHECK (version >= 1)
) STRICT, WITHOUT ROWID;

ALTER TABLE student_course ADD COLUMN overridden TEXT
    CONSTRAINT student_course_overridden_is_a_list CHECK (overridden LIKE '["%"]');

ALTER TABLE student_course ADD COLUMN queue_number INTEGER NOT NULL DEFAULT 0;

ALTER TABLE student_course ADD COLUMN effective_at TEXT
    CONSTRAINT student_course_effective_at_is_time CHECK (
        effective_at IS strftime('%Y-%m-%dT%H:%M:%fZ', effective_at, '+0 days')
        AND effective_at <= changed_at
    );

CREATE TABLE student_course_event (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    student_id  INTEGER NOT NULL,
    course_id   INTEGER NOT NULL,
    from_status TEXT,
    to_status   TEXT    NOT NULL,
    recorded_at TEXT    NOT NULL,
    actor       TEXT,
    reason      TEXT,
    CONSTRAINT student_course_event_from_status_known
        CHECK (from_status IN ('enrolled', 'waitlisted', 'completed', 'dropped')),
    CONSTRAINT student_course_event_to_status_known
        CHECK (to_status IN ('enrolled', 'waitlisted', 'completed', 'dropped')),
    CONSTRAINT student_course_event_recorded_at_is_time
        CHECK (recorded_at IS strftime('%Y-%m-%dT%H:%M:%fZ', recorded_at, '+0 days'))
) STRICT;

ALTER TABLE student_course_event ADD COLUMN overridden TEXT
    CONSTRAINT student_course_event_overridden_is_a_list CHECK (overridden LIKE '["%"]');

ALTER TABLE student_course_event ADD COLUMN effective_at TEXT
    CONSTRAINT student_course_event_effective_at_is_time CHECK (
        effective_at IS strftime('%Y-%m-%dT%H:%M:%fZ', effective_at, '+0 days')
        AND effective_at <= recorded_at
    );

INSERT INTO student_course (
    student_id, course_id, status, enrolled_at, waitlisted_at, completed_at, dropped_at, changed_at,
    changed_by, change_reason, version, overridden, queue_number, effective_at
)
SELECT student_id, course_id, iif(status = 'void', 'dropped', status), enrolled_at, waitlisted_at, completed_at,
    iif(
        status = 'void',
        (
            SELECT max(effective_at) FROM old_event
            WHERE old_event.student_id = old_student_course.student_id
                AND old_event.course_id = old_student_course.course_id
        ),
        dropped_at
    ),
    changed_at, changed_by, change_reason, version, overridden, queue_number, effective_at
FROM old_student_course;

INSERT INTO student_course_event (
    id, student_id, course_id, from_status, to_status, recorded_at, actor, reason, overridden,
    effective_at
)
SELECT id, student_id, course_id, iif(from_status = 'void', 'dropped', from_status),
    iif(to_status = 'void', 'dropped', to_status), recorded_at, actor, reason, overridden, effective_at
FROM old_event
ORDER BY id;

-- Before 0015 no event takes effect before the last one of its enrollment.
UPDATE student_course_event
SET effective_at = (
    SELECT max(earlier.effective_at) FROM old_event AS earlier
    WHERE earlier.student_id = student_course_event.student_id
        AND earlier.course_id = student_course_event.course_id
        AND earlier.id <= student_course_event.id
)
WHERE id IN (
    SELECT event.id
    FROM old_event AS void
    JOIN old_event AS event ON event.student_id = void.student_id AND event.course_id = void.course_id
    WHERE void.to_status = 'void'
);

DROP TABLE old_student_course;

DROP TABLE old_event;

CREATE INDEX student_course_by_course ON student_course (course_id, status, queue_number, student_id);

CREATE INDEX student_course_by_course_and_student ON student_course (course_id, student_id);

CREATE INDEX student_course_event_by_course ON student_course_event (course_id, id);

CREATE INDEX student_course_event_by_enrollment
ON student_course_event (student_id, course_id, id);

CREATE INDEX student_course_event_by_actor ON student_course_event (actor, id);

CREATE INDEX student_course_event_by_kind ON student_course_event (to_status, id) WHERE to_status <> 'enrolled';

CREATE INDEX student_course_event_by_time ON student_course_event (recorded_at, id);

CREATE TRIGGER student_course_insert_does_not_jump_the_queue
BEFORE INSERT ON student_course
WHEN NEW.queue_number <> 0
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

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

CREATE TRIGGER student_course_joins_what_exists
BEFORE INSERT ON student_course
WHEN NOT EXISTS (SELECT 1 FROM student WHERE id = NEW.student_id)
    OR NOT EXISTS (SELECT 1 FROM course WHERE id = NEW.course_id)
BEGIN
    SELECT RAISE(ABORT, 'an enrolment joins a student and a course that exist');
END;

CREATE TRIGGER student_course_keeps_its_key
BEFORE UPDATE OF student_id, course_id ON student_course
WHEN NEW.student_id <> OLD.student_id OR NEW.course_id <> OLD.course_id
BEGIN
    SELECT RAISE(ABORT, 'an enrolment keeps its student and its course');
END;

CREATE TRIGGER student_course_version_never_falls
BEFORE UPDATE ON student_course
WHEN NEW.version < OLD.version
BEGIN
    SELECT RAISE(ABORT, 'the version of an enrolment never falls');
END;

CREATE TRIGGER student_course_event_is_never_deleted
BEFORE DELETE ON student_course_event
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE TRIGGER student_course_event_is_never_replaced
BEFORE INSERT ON student_course_event
WHEN EXISTS (SELECT 1 FROM student_course_event WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE TRIGGER student_course_is_never_deleted
BEFORE DELETE ON student_course
BEGIN
    SELECT RAISE(ABORT, 'an enrolment is dropped, never deleted');
END;

DROP TRIGGER student_with_enrolments_stays;

DROP TRIGGER course_with_enrolments_stays;

CREATE TRIGGER student_with_enrolments_stays
BEFORE DELETE ON student
WHEN EXISTS (SELECT 1 FROM student_course WHERE student_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'a student who has enrolments is not deleted');
END;

CREATE TRIGGER course_with_enrolments_stays
BEFORE DELETE ON course
WHEN EXISTS (SELECT 1 FROM student_course WHERE course_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'a course that has enrolments is not deleted');
END;

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

CREATE TRIGGER student_course_insert_is_recorded
AFTER INSERT ON student_course
BEGIN
    INSERT INTO student_course_event (
        student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden
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
        NEW.overridden
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
    OR NEW.changed_by IS NOT OLD.changed_by
    OR NEW.change_reason IS NOT OLD.change_reason
    OR NEW.overridden IS NOT OLD.overridden
    OR NEW.effective_at IS NOT OLD.effective_at
BEGIN
    INSERT INTO student_course_event (
        student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden
    )
    SELECT
        NEW.student_id,
        NEW.course_id,
        OLD.status,
        NEW.status,
        coalesce(
            change.effective_at,
            -- What stays as it was has been so since then.
            iif(NEW.status = OLD.status, last.effective_at, max(change.at, last.effective_at))
        ),
        max(change.at, last.recorded_at),
        iif(NEW.version > OLD.version, NEW.changed_by, NULL),
        iif(NEW.version > OLD.version, NEW.change_reason, NULL),
        iif(NEW.version > OLD.version, NEW.overridden, NULL)
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
WHEN NEW.effective_at IS NULL
    OR NEW.id <> 1 + coalesce(
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
        WHERE NEW.effective_at < last.effective_at OR NEW.recorded_at < last.recorded_at
    )
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE TRIGGER student_course_event_is_never_updated
BEFORE UPDATE ON student_course_event
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

DROP TRIGGER record_change_is_never_updated;

CREATE TRIGGER record_change_is_never_updated
BEFORE UPDATE ON record_change
BEGIN
    SELECT RAISE(ABORT, 'changes on record are append-only');
END;

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
    enrolled_at, waitlisted_at, completed_at, dropped_at, version
FROM student_course;

DROP VIEW enrollment_version;

CREATE VIEW enrollment_version AS
SELECT
    last.id AS event_id, last.student_id, last.course_id, last.to_status AS status,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'enrolled' AND event.from_status IS DISTINCT FROM 'enrolled'
    ) AS enrolled_at,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'waitlisted' AND event.from_status IS DISTINCT FROM 'waitlisted'
    ) AS waitlisted_at,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed' AND event.from_status IS DISTINCT FROM 'completed'
    ) AS completed_at,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'dropped' AND event.from_status IS DISTINCT FROM 'dropped'
    ) AS dropped_at,
    (
        SELECT count(*) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
    ) AS version
FROM student_course_event AS last;
