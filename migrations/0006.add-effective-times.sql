-- Two times for every change: when it was true, and when it was recorded.
-- depends: 0005.add-waitlist

-- When the latest change was true; NULL: when it was made.
ALTER TABLE student_course ADD COLUMN effective_at TEXT
    CONSTRAINT student_course_effective_at_is_time CHECK (
        effective_at IS strftime('%Y-%m-%dT%H:%M:%fZ', effective_at, '+0 days')
        AND effective_at <= changed_at
    );

-- Never NULL: student_course_event_follows_the_last sees to it.
ALTER TABLE student_course_event ADD COLUMN effective_at TEXT
    CONSTRAINT student_course_event_effective_at_is_time CHECK (
        effective_at IS strftime('%Y-%m-%dT%H:%M:%fZ', effective_at, '+0 days')
        AND effective_at <= recorded_at
    );

-- Until now, every change was held to be true when it was recorded.
DROP TRIGGER student_course_event_is_never_updated;

UPDATE student_course_event SET effective_at = recorded_at;

CREATE TRIGGER student_course_event_is_never_updated
BEFORE UPDATE ON student_course_event
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

-- Finds those who have ever been in a course, in the order of a roster of the past.
CREATE INDEX student_course_by_course_and_student ON student_course (course_id, student_id);

-- Finds the latest event of a course, which tells whether anything has changed there.
CREATE INDEX student_course_event_by_course ON student_course_event (course_id, id);

DROP TRIGGER student_course_insert_is_recorded;

DROP TRIGGER student_course_update_is_recorded;

DROP TRIGGER student_course_event_follows_the_last;

-- Within one enrolment neither time runs backwards, even if the clock does.
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

-- An event follows the one before without a gap, which could fill later; it goes on from where and
-- when the enrolment's last one ended, and tells what is so now.
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
