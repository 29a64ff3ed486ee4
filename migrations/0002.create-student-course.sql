-- Who is in what, and every change that led there.
-- depends: 0001.create-student-term-course

-- changed_at, changed_by and change_reason speak of the latest change; the triggers
-- below copy them into the history. Who writes on someone's behalf raises the version.
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

-- The primary key finds a student's courses; this finds a course's students, and counts its seats.
CREATE INDEX student_course_by_course ON student_course (course_id, status, student_id);

-- No foreign keys: an event is a fact about the past, and stays true whatever becomes of its subject.
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

CREATE INDEX student_course_event_by_enrollment
ON student_course_event (student_id, course_id, id);

-- The status before is read from the history itself, so that the chain holds
-- even for INSERT OR REPLACE, which hides the row that it takes away. The version
-- is at least the number of changes, so that it never names two states.
CREATE TRIGGER student_course_insert_is_recorded
AFTER INSERT ON student_course
BEGIN
    INSERT INTO student_course_event
        (student_id, course_id, from_status, to_status, recorded_at, actor, reason)
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
        NEW.change_reason
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

-- An update that does not raise the version speaks for no one: it is dated by the
-- database's own clock and names no actor, rather than repeat those of the change before.
-- The version is then raised for it; that alone is no change to record.
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
BEGIN
    INSERT INTO student_course_event
        (student_id, course_id, from_status, to_status, recorded_at, actor, reason)
    VALUES (
        NEW.student_id,
        NEW.course_id,
        OLD.status,
        NEW.status,
        iif(NEW.version > OLD.version, NEW.changed_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        iif(NEW.version > OLD.version, NEW.changed_by, NULL),
        iif(NEW.version > OLD.version, NEW.change_reason, NULL)
    );
    UPDATE student_course
    SET version = OLD.version + 1
    WHERE student_id = NEW.student_id
        AND course_id = NEW.course_id
        AND NEW.version <= OLD.version;
END;

-- The foreign keys say the same, to those who have turned them on.
CREATE TRIGGER student_course_joins_what_exists
BEFORE INSERT ON student_course
WHEN NOT EXISTS (SELECT 1 FROM student WHERE id = NEW.student_id)
    OR NOT EXISTS (SELECT 1 FROM course WHERE id = NEW.course_id)
BEGIN
    SELECT RAISE(ABORT, 'an enrolment joins a student and a course that exist');
END;

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

CREATE TRIGGER student_keeps_its_id
BEFORE UPDATE OF id ON student
WHEN NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'a student keeps the id');
END;

CREATE TRIGGER course_keeps_its_id
BEFORE UPDATE OF id ON course
WHEN NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'a course keeps the id');
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

CREATE TRIGGER student_course_is_never_deleted
BEFORE DELETE ON student_course
BEGIN
    SELECT RAISE(ABORT, 'an enrolment is dropped, never deleted');
END;

CREATE TRIGGER student_course_event_is_never_updated
BEFORE UPDATE ON student_course_event
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE TRIGGER student_course_event_is_never_deleted
BEFORE DELETE ON student_course_event
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

-- INSERT OR REPLACE would otherwise rewrite an event without firing the two above.
CREATE TRIGGER student_course_event_is_never_replaced
BEFORE INSERT ON student_course_event
WHEN EXISTS (SELECT 1 FROM student_course_event WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

-- An event follows the one before without a gap, which could fill later; it goes on from where
-- the enrolment's last one ended, and tells what is so now.
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

-- The last line of defence for the seats: the rules refuse first, and give all the reasons.
CREATE TRIGGER student_course_insert_needs_a_seat
AFTER INSERT ON student_course
WHEN NEW.status = 'enrolled'
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
WHEN NEW.status = 'enrolled' AND OLD.status <> 'enrolled'
BEGIN
    SELECT RAISE(ABORT, 'course_full')
    FROM course
    WHERE id = NEW.course_id
        AND capacity < (
            SELECT count(*) FROM student_course
            WHERE course_id = NEW.course_id AND status = 'enrolled'
        );
END;
