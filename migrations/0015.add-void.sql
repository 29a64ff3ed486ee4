-- Mistakes can be undone: an enrollment entered in error is void, and a person is erased.
-- depends: 0014.add-record-changes

-- SQLite cannot change a CHECK, so both tables are made again. The old ones get another name; with this pragma,
-- triggers and views keep theirs (https://www.sqlite.org/pragma.html#pragma_legacy_alter_table).
PRAGMA legacy_alter_table = ON;

ALTER TABLE student_course RENAME TO old_student_course;

ALTER TABLE student_course_event RENAME TO old_event;

PRAGMA legacy_alter_table = OFF;

-- The columns from changed_at on speak of the latest change; triggers copy them into its event. `place_of` is the
-- id of the event whose place on the waitlist this enrollment takes over, from another that is now void.
CREATE TABLE student_course (
    student_id    INTEGER NOT NULL,
    course_id     INTEGER NOT NULL,
    status        TEXT    NOT NULL,
    enrolled_at   TEXT,
    waitlisted_at TEXT,
    completed_at  TEXT,
    dropped_at    TEXT,
    changed_at    TEXT    NOT NULL,
    effective_at  TEXT,
    changed_by    TEXT,
    change_reason TEXT,
    overridden    TEXT,
    place_of      INTEGER,
    queue_number  INTEGER NOT NULL DEFAULT 0,
    version       INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT student_course_key PRIMARY KEY (student_id, course_id),
    CONSTRAINT student_course_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE RESTRICT,
    CONSTRAINT student_course_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE RESTRICT,
    CONSTRAINT student_course_status_known
        CHECK (status IN ('enrolled', 'waitlisted', 'completed', 'dropped', 'void')),
    CONSTRAINT student_course_status_has_its_time CHECK (
        CASE status
            WHEN 'enrolled' THEN enrolled_at
            WHEN 'waitlisted' THEN waitlisted_at
            WHEN 'completed' THEN completed_at
            WHEN 'dropped' THEN dropped_at
            WHEN 'void' THEN changed_at
        END IS NOT NULL
    ),
    CONSTRAINT student_course_void_has_no_time CHECK (
        status <> 'void' OR coalesce(enrolled_at, waitlisted_at, completed_at, dropped_at) IS NULL
    ),
    CONSTRAINT student_course_times_are_times CHECK (
        enrolled_at IS strftime('%Y-%m-%dT%H:%M:%fZ', enrolled_at, '+0 days')
        AND waitlisted_at IS strftime('%Y-%m-%dT%H:%M:%fZ', waitlisted_at, '+0 days')
        AND completed_at IS strftime('%Y-%m-%dT%H:%M:%fZ', completed_at, '+0 days')
        AND dropped_at IS strftime('%Y-%m-%dT%H:%M:%fZ', dropped_at, '+0 days')
        AND changed_at IS strftime('%Y-%m-%dT%H:%M:%fZ', changed_at, '+0 days')
    ),
    CONSTRAINT student_course_effective_at_is_time CHECK (
        effective_at IS strftime('%Y-%m-%dT%H:%M:%fZ', effective_at, '+0 days')
        AND effective_at <= changed_at
    ),
    CONSTRAINT student_course_overridden_is_a_list CHECK (overridden LIKE '["%"]'),
    CONSTRAINT student_course_version_positive CHECK (version >= 1)
) STRICT, WITHOUT ROWID;

-- No foreign keys: an event is a fact about the past, and stays true whatever becomes of its subject.
-- The void of an enrollment takes effect when the enrollment began: since it was recorded, it never was.
CREATE TABLE student_course_event (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    student_id   INTEGER NOT NULL,
    course_id    INTEGER NOT NULL,
    from_status  TEXT,
    to_status    TEXT    NOT NULL,
    effective_at TEXT    NOT NULL,
    recorded_at  TEXT    NOT NULL,
    actor        TEXT,
    reason       TEXT,
    overridden   TEXT,
    place_of     INTEGER,
    CONSTRAINT student_course_event_from_status_known
        CHECK (from_status IN ('enrolled', 'waitlisted', 'completed', 'dropped', 'void')),
    CONSTRAINT student_course_event_to_status_known
        CHECK (to_status IN ('enrolled', 'waitlisted', 'completed', 'dropped', 'void')),
    CONSTRAINT student_course_event_effective_at_is_time CHECK (
        effective_at IS strftime('%Y-%m-%dT%H:%M:%fZ', effective_at, '+0 days')
        AND effective_at <= recorded_at
    ),
    CONSTRAINT student_course_event_recorded_at_is_time
        CHECK (recorded_at IS strftime('%Y-%m-%dT%H:%M:%fZ', recorded_at, '+0 days')),
    CONSTRAINT student_course_event_overridden_is_a_list CHECK (overridden LIKE '["%"]')
) STRICT;

-- The rows met the same constraints before: to check the form of every time again takes most of the time.
PRAGMA ignore_check_constraints = ON;

INSERT INTO student_course (
    student_id, course_id, status, enrolled_at, waitlisted_at, completed_at, dropped_at, changed_at,
    changed_by, change_reason, version, overridden, queue_number, effective_at
)
SELECT student_id, course_id, status, enrolled_at, waitlisted_at, completed_at, dropped_at, changed_at,
    changed_by, change_reason, version, overridden, queue_number, effective_at
FROM old_student_course;

INSERT INTO student_course_event (
    id, student_id, course_id, from_status, to_status, recorded_at, actor, reason, overridden,
    effective_at
)
SELECT id, student_id, course_id, from_status, to_status, recorded_at, actor, reason, overridden,
    effective_at
FROM old_event
ORDER BY id;

PRAGMA ignore_check_constraints = OFF;

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

-- Whose data was erased: a fact about the past, without a foreign key, as events are.
CREATE TABLE erasure (
    student_id INTEGER PRIMARY KEY,
    erased_at  TEXT    NOT NULL,
    erased_by  TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    CONSTRAINT erasure_erased_at_is_time
        CHECK (erased_at IS strftime('%Y-%m-%dT%H:%M:%fZ', erased_at, '+0 days')),
    CONSTRAINT erasure_reason_length CHECK (length(reason) BETWEEN 1 AND 500)
) STRICT;

-- What is left of the actor of an erased student's own token. Its name is erased last.
CREATE VIEW erased_actor AS
SELECT token.name || ' #' || token.id AS actor, '#' || token.id AS remains
FROM erasure
JOIN token ON token.student_id = erasure.student_id;

-- As before.
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

-- A void enrollment counts for nothing, so it may go; its events stay.
CREATE TRIGGER student_course_is_never_deleted
BEFORE DELETE ON student_course
WHEN OLD.status <> 'void'
BEGIN
    SELECT RAISE(ABORT, 'an enrolment is dropped, never deleted');
END;

DROP TRIGGER student_with_enrolments_stays;

CREATE TRIGGER student_with_enrolments_stays
BEFORE DELETE ON student
BEGIN
    SELECT RAISE(ABORT, 'a student who has enrolments is not deleted')
    WHERE EXISTS (SELECT 1 FROM student_course WHERE student_id = OLD.id AND status <> 'void');
    DELETE FROM student_course WHERE student_id = OLD.id;
END;

DROP TRIGGER course_with_enrolments_stays;

CREATE TRIGGER course_with_enrolments_stays
BEFORE DELETE ON course
BEGIN
    SELECT RAISE(ABORT, 'a course that has enrolments is not deleted')
    WHERE EXISTS (SELECT 1 FROM student_course WHERE course_id = OLD.id AND status <> 'void');
    DELETE FROM student_course WHERE course_id = OLD.id;
END;

-- A place is taken over only from an enrollment that is void, and only while no one else has it.
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

-- The number is the id of the event by which the student joined the waitlist, or of the one whose place that took.
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

-- To erase the texts of a student is no change of the enrollment: all else stays as it was.
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

-- As before, but a void goes back to the beginning of what it takes away, and what follows it may begin anew.
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

-- Nothing may be changed but this: the reasons and the own tokens of an erased student are erased.
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

-- An erasure comes after the record of the student has been blanked, and keeps it so.
CREATE TRIGGER erasure_needs_a_blank_student
BEFORE INSERT ON erasure
WHEN NOT EXISTS (
        SELECT 1 FROM student
        WHERE id = NEW.student_id AND family_name = 'Erased' AND given_name IS NULL AND number IS NULL AND email IS NULL AND status = 'inactive'
    )
    OR EXISTS (SELECT 1 FROM erasure WHERE student_id = NEW.student_id)
    OR EXISTS (
        SELECT 1 FROM student_course
        WHERE student_id = NEW.student_id AND status IN ('enrolled', 'waitlisted')
    )
BEGIN
    SELECT RAISE(ABORT, 'the record of a student is blanked before it is erased');
END;

CREATE TRIGGER erasure_is_never_updated
BEFORE UPDATE ON erasure
BEGIN
    SELECT RAISE(ABORT, 'an erasure is permanent');
END;

CREATE TRIGGER erasure_is_never_deleted
BEFORE DELETE ON erasure
BEGIN
    SELECT RAISE(ABORT, 'an erasure is permanent');
END;

CREATE TRIGGER student_who_is_erased_stays_so
BEFORE UPDATE ON student
WHEN EXISTS (SELECT 1 FROM erasure WHERE student_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'an erasure is permanent');
END;

-- Of a change on record, erasure leaves that there was one, when, and who made it.
DROP TRIGGER record_change_is_never_updated;

CREATE TRIGGER record_change_is_never_updated
BEFORE UPDATE ON record_change
WHEN NEW.id <> OLD.id
    OR NEW.subject <> OLD.subject
    OR NEW.subject_id <> OLD.subject_id
    OR NEW.part IS NOT OLD.part
    OR NEW.version <> OLD.version
    OR NEW.actor IS NOT OLD.actor
    OR NEW.recorded_at <> OLD.recorded_at
    OR NEW.before IS NOT iif(OLD.before IS NULL, NULL, '{}')
    OR NEW.after IS NOT iif(OLD.after IS NULL, NULL, '{"erased":true}')
    OR NOT EXISTS (
        SELECT 1 FROM erasure
        WHERE erasure.student_id = CASE OLD.subject
            WHEN 'student' THEN OLD.subject_id
            WHEN 'hold' THEN (SELECT student_id FROM hold WHERE id = OLD.subject_id)
            WHEN 'token' THEN (SELECT student_id FROM token WHERE id = OLD.subject_id)
        END
    )
BEGIN
    SELECT RAISE(ABORT, 'changes on record are append-only');
END;

-- An enrollment that is void is not shown.
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
FROM student_course
WHERE status <> 'void';

-- As before, but the times before a void are not those of what followed it. An event that made it void is no version.
DROP VIEW enrollment_version;

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
