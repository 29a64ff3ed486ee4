-- The schema after all migrations, to read. The migrations make it; nothing runs this file.
-- Regenerate it with: python -m tests.support.schema > sql/schema.sql
-- Each table is followed by its indexes and triggers; the views are last.

CREATE TABLE course (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    code              TEXT    NOT NULL COLLATE NOCASE,
    section           TEXT    COLLATE NOCASE,
    label             TEXT    COLLATE NOCASE
        GENERATED ALWAYS AS (CASE WHEN section IS NULL THEN code ELSE code || '-' || section END) VIRTUAL,
    title             TEXT    NOT NULL COLLATE NOCASE,
    term              TEXT    COLLATE NOCASE,
    instructor        TEXT    COLLATE NOCASE,
    credits           REAL    NOT NULL DEFAULT 0,
    capacity          INTEGER,
    waitlist_capacity INTEGER,
    promotion         TEXT    NOT NULL DEFAULT 'automatic',
    enroll_from       TEXT,
    enroll_until      TEXT,
    status            TEXT    NOT NULL DEFAULT 'open',
    repeatable        INTEGER NOT NULL DEFAULT 0,
    updated_at        TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    version           INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT course_term_exists FOREIGN KEY (term) REFERENCES term (code)
        ON UPDATE CASCADE ON DELETE RESTRICT,
    CONSTRAINT course_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT course_section_length CHECK (length(section) BETWEEN 1 AND 32),
    CONSTRAINT course_code_unique UNIQUE (term, code, label),
    CONSTRAINT course_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT course_instructor_length CHECK (length(instructor) BETWEEN 1 AND 200),
    CONSTRAINT course_credits_range CHECK (credits BETWEEN 0 AND 1000),
    CONSTRAINT course_capacity_range CHECK (capacity BETWEEN 0 AND 1000000),
    CONSTRAINT course_waitlist_capacity_range CHECK (waitlist_capacity BETWEEN 0 AND 1000000),
    CONSTRAINT course_promotion_known CHECK (promotion IN ('automatic', 'manual')),
    CONSTRAINT course_enroll_from_is_time
        CHECK (enroll_from IS strftime('%Y-%m-%dT%H:%M:%fZ', enroll_from, '+0 days')),
    CONSTRAINT course_enroll_until_is_time
        CHECK (enroll_until IS strftime('%Y-%m-%dT%H:%M:%fZ', enroll_until, '+0 days')),
    CONSTRAINT course_enroll_window_runs_forward CHECK (enroll_from < enroll_until),
    CONSTRAINT course_status_known CHECK (status IN ('open', 'closed', 'cancelled')),
    CONSTRAINT course_repeatable_is_yes_or_no CHECK (repeatable IN (0, 1)),
    CONSTRAINT course_updated_at_is_time
        CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at, '+0 days')),
    CONSTRAINT course_version_positive CHECK (version >= 1)
) STRICT;

CREATE INDEX course_by_code ON course (code, label);

CREATE UNIQUE INDEX course_code_unique_without_term ON course (code, label) WHERE term IS NULL;

CREATE TRIGGER course_delete_is_not_found
AFTER DELETE ON course
BEGIN
    DELETE FROM course_word WHERE course_id = OLD.id;
END;

CREATE TRIGGER course_insert_is_found
AFTER INSERT ON course
BEGIN
    DELETE FROM course_word WHERE course_id = NEW.id;
    INSERT INTO course_word (word, course_id)
    SELECT word, course_id FROM course_search WHERE course_id = NEW.id;
END;

CREATE TRIGGER course_keeps_its_id
BEFORE UPDATE OF id ON course
WHEN NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'a course keeps the id');
END;

CREATE TRIGGER course_update_is_dated
AFTER UPDATE ON course
WHEN NEW.updated_at < OLD.updated_at
    OR NEW.updated_at = OLD.updated_at AND NEW.updated_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN
    UPDATE course SET updated_at = max(OLD.updated_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    WHERE id = NEW.id;
END;

CREATE TRIGGER course_update_is_found
AFTER UPDATE OF code, section, title, instructor ON course
WHEN NEW.code <> OLD.code COLLATE BINARY
    OR NEW.section IS NOT OLD.section COLLATE BINARY
    OR NEW.title <> OLD.title COLLATE BINARY
    OR NEW.instructor IS NOT OLD.instructor COLLATE BINARY
BEGIN
    DELETE FROM course_word WHERE course_id = NEW.id;
    INSERT INTO course_word (word, course_id)
    SELECT word, course_id FROM course_search WHERE course_id = NEW.id;
END;

CREATE TRIGGER course_version_follows_term
AFTER UPDATE OF term ON course
WHEN NEW.term IS NOT OLD.term COLLATE BINARY AND NEW.version = OLD.version
BEGIN
    UPDATE course SET version = version + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER course_with_enrolments_stays
BEFORE DELETE ON course
WHEN EXISTS (SELECT 1 FROM student_course WHERE course_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'a course that has enrolments is not deleted');
END;

CREATE TABLE course_meeting (
    course_id INTEGER NOT NULL,
    weekday   INTEGER NOT NULL,
    from_time TEXT    NOT NULL,
    to_time   TEXT    NOT NULL, room TEXT
    CONSTRAINT course_meeting_room_length CHECK (length(room) BETWEEN 1 AND 100),
    CONSTRAINT course_meeting_key PRIMARY KEY (course_id, weekday, from_time),
    CONSTRAINT course_meeting_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT course_meeting_weekday_known CHECK (weekday BETWEEN 1 AND 7),
    CONSTRAINT course_meeting_from_is_time CHECK (from_time IS strftime('%H:%M', from_time, '+0 days')),
    CONSTRAINT course_meeting_to_is_time CHECK (to_time IS strftime('%H:%M', to_time, '+0 days')),
    CONSTRAINT course_meeting_ends_after_start CHECK (from_time < to_time)
) STRICT, WITHOUT ROWID;

CREATE TABLE course_requirement (
    course_id INTEGER NOT NULL,
    code      TEXT    NOT NULL COLLATE NOCASE,
    kind      TEXT    NOT NULL,
    CONSTRAINT course_requirement_key PRIMARY KEY (course_id, code),
    CONSTRAINT course_requirement_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT course_requirement_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT course_requirement_kind_known
        CHECK (kind IN ('prerequisite', 'concurrent', 'corequisite'))
) STRICT, WITHOUT ROWID;

CREATE TABLE course_word (
    word      TEXT    NOT NULL,
    course_id INTEGER NOT NULL,
    CONSTRAINT course_word_key PRIMARY KEY (word, course_id),
    CONSTRAINT course_word_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX course_word_by_course ON course_word (course_id);

CREATE TABLE hold (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    student_id  INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    placed_at   TEXT    NOT NULL,
    placed_by   TEXT    NOT NULL,
    released_at TEXT,
    released_by TEXT,
    version     INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT hold_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT hold_reason_length CHECK (length(reason) BETWEEN 1 AND 500),
    CONSTRAINT hold_placed_at_is_time
        CHECK (placed_at IS strftime('%Y-%m-%dT%H:%M:%fZ', placed_at, '+0 days')),
    CONSTRAINT hold_released_at_is_time
        CHECK (released_at IS strftime('%Y-%m-%dT%H:%M:%fZ', released_at, '+0 days')),
    CONSTRAINT hold_released_by_someone CHECK ((released_at IS NULL) = (released_by IS NULL)),
    CONSTRAINT hold_version_positive CHECK (version >= 1)
) STRICT;

CREATE INDEX hold_by_student ON hold (student_id);

CREATE TABLE kept_answer (
    token_id    INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    status      INTEGER NOT NULL,
    headers     TEXT    NOT NULL,
    content     BLOB    NOT NULL,
    kept_at     TEXT    NOT NULL,
    CONSTRAINT kept_answer_key PRIMARY KEY (token_id, key),
    CONSTRAINT kept_answer_token_exists FOREIGN KEY (token_id) REFERENCES token (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT kept_answer_key_length CHECK (length(key) BETWEEN 1 AND 255),
    CONSTRAINT kept_answer_status_is_success CHECK (status BETWEEN 200 AND 299),
    CONSTRAINT kept_answer_kept_at_is_time
        CHECK (kept_at IS strftime('%Y-%m-%dT%H:%M:%fZ', kept_at, '+0 days'))
) STRICT;

CREATE INDEX kept_answer_by_time ON kept_answer (kept_at);

CREATE TABLE letter (
    letter TEXT NOT NULL,
    base   TEXT NOT NULL,
    CONSTRAINT letter_key PRIMARY KEY (letter)
) STRICT, WITHOUT ROWID;

CREATE TABLE student (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    number      TEXT    COLLATE NOCASE,
    given_name  TEXT    COLLATE NOCASE,
    family_name TEXT    NOT NULL COLLATE NOCASE,
    email       TEXT    COLLATE NOCASE,
    status      TEXT    NOT NULL DEFAULT 'active',
    max_credits REAL,
    version     INTEGER NOT NULL DEFAULT 1,
    updated_at  TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    family_sort TEXT    NOT NULL DEFAULT '',
    given_sort  TEXT    NOT NULL DEFAULT '',
    CONSTRAINT student_number_form CHECK (length(number) BETWEEN 1 AND 32 AND number NOT GLOB '*[^!-~]*'),
    CONSTRAINT student_number_unique UNIQUE (number),
    CONSTRAINT student_given_name_length CHECK (length(given_name) BETWEEN 1 AND 500),
    CONSTRAINT student_family_name_length CHECK (length(family_name) BETWEEN 1 AND 500),
    CONSTRAINT student_email_form CHECK (length(email) <= 254 AND email LIKE '_%@_%'),
    CONSTRAINT student_status_known CHECK (status IN ('active', 'inactive')),
    CONSTRAINT student_max_credits_range CHECK (max_credits BETWEEN 0 AND 1000),
    CONSTRAINT student_version_positive CHECK (version >= 1),
    CONSTRAINT student_updated_at_is_time
        CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at, '+0 days'))
) STRICT;

CREATE INDEX student_by_email ON student (email);

CREATE INDEX student_by_name ON student (family_sort, given_sort);

CREATE INDEX student_by_update ON student (updated_at);

CREATE TRIGGER student_delete_is_not_found
AFTER DELETE ON student
BEGIN
    DELETE FROM student_word WHERE student_id = OLD.id;
END;

CREATE TRIGGER student_insert_is_sorted
AFTER INSERT ON student
BEGIN
    UPDATE student
    SET (family_sort, given_sort) = (
        SELECT family_sort, given_sort FROM student_sort WHERE student_id = NEW.id
    )
    WHERE id = NEW.id;
END;

CREATE TRIGGER student_keeps_its_id
BEFORE UPDATE OF id ON student
WHEN NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'a student keeps the id');
END;

CREATE TRIGGER student_update_is_dated
AFTER UPDATE OF number, given_name, family_name, email, status, max_credits, version, updated_at ON student
WHEN NEW.updated_at < OLD.updated_at
    OR NEW.updated_at = OLD.updated_at AND NEW.updated_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN
    UPDATE student SET updated_at = max(OLD.updated_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    WHERE id = NEW.id;
END;

CREATE TRIGGER student_update_is_found
AFTER UPDATE OF family_sort, given_sort, number, email ON student
WHEN NEW.family_sort <> OLD.family_sort
    OR NEW.given_sort <> OLD.given_sort
    OR NEW.number IS NOT OLD.number
    OR NEW.email IS NOT OLD.email COLLATE BINARY
    OR NOT EXISTS (SELECT 1 FROM student_word WHERE student_id = NEW.id)
BEGIN
    DELETE FROM student_word WHERE student_id = NEW.id;
    INSERT INTO student_word (word, student_id)
    SELECT word, student_id FROM student_search WHERE student_id = NEW.id;
END;

CREATE TRIGGER student_update_is_sorted
AFTER UPDATE OF family_name, given_name, family_sort, given_sort ON student
WHEN NEW.family_name <> OLD.family_name COLLATE BINARY
    OR NEW.given_name IS NOT OLD.given_name COLLATE BINARY
    OR NEW.family_sort <> OLD.family_sort
    OR NEW.given_sort <> OLD.given_sort
BEGIN
    UPDATE student
    SET (family_sort, given_sort) = (
        SELECT family_sort, given_sort FROM student_sort WHERE student_id = NEW.id
    )
    WHERE id = NEW.id;
END;

CREATE TRIGGER student_with_enrolments_stays
BEFORE DELETE ON student
WHEN EXISTS (SELECT 1 FROM student_course WHERE student_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'a student who has enrolments is not deleted');
END;

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
    version       INTEGER NOT NULL DEFAULT 1, overridden TEXT
    CONSTRAINT student_course_overridden_is_a_list CHECK (overridden LIKE '["%"]'), queue_number INTEGER NOT NULL DEFAULT 0, effective_at TEXT
    CONSTRAINT student_course_effective_at_is_time CHECK (
        effective_at IS strftime('%Y-%m-%dT%H:%M:%fZ', effective_at, '+0 days')
        AND effective_at <= changed_at
    ),
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

CREATE INDEX student_course_by_course ON student_course (course_id, status, queue_number, student_id);

CREATE INDEX student_course_by_course_and_student ON student_course (course_id, student_id);

CREATE TRIGGER student_course_insert_does_not_jump_the_queue
BEFORE INSERT ON student_course
WHEN NEW.queue_number <> 0
BEGIN
    SELECT RAISE(ABORT, 'the events give the places in a waitlist');
END;

-- Adds the event of a new enrollment. The version becomes at least the number of its events.
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

CREATE TRIGGER student_course_is_never_deleted
BEFORE DELETE ON student_course
BEGIN
    SELECT RAISE(ABORT, 'an enrolment is dropped, never deleted');
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

-- Adds the event of a change. Without a new version, it is dated now and has no actor.
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

CREATE TRIGGER student_course_version_never_falls
BEFORE UPDATE ON student_course
WHEN NEW.version < OLD.version
BEGIN
    SELECT RAISE(ABORT, 'the version of an enrolment never falls');
END;

CREATE TABLE student_course_event (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    student_id  INTEGER NOT NULL,
    course_id   INTEGER NOT NULL,
    from_status TEXT,
    to_status   TEXT    NOT NULL,
    recorded_at TEXT    NOT NULL,
    actor       TEXT,
    reason      TEXT, overridden TEXT
    CONSTRAINT student_course_event_overridden_is_a_list CHECK (overridden LIKE '["%"]'), effective_at TEXT
    CONSTRAINT student_course_event_effective_at_is_time CHECK (
        effective_at IS strftime('%Y-%m-%dT%H:%M:%fZ', effective_at, '+0 days')
        AND effective_at <= recorded_at
    ),
    CONSTRAINT student_course_event_from_status_known
        CHECK (from_status IN ('enrolled', 'waitlisted', 'completed', 'dropped')),
    CONSTRAINT student_course_event_to_status_known
        CHECK (to_status IN ('enrolled', 'waitlisted', 'completed', 'dropped')),
    CONSTRAINT student_course_event_recorded_at_is_time
        CHECK (recorded_at IS strftime('%Y-%m-%dT%H:%M:%fZ', recorded_at, '+0 days'))
) STRICT;

CREATE INDEX student_course_event_by_course ON student_course_event (course_id, id);

CREATE INDEX student_course_event_by_enrollment
ON student_course_event (student_id, course_id, id);

-- Refuses an event that has a gap before it, or does not continue its enrollment's last one.
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

CREATE TRIGGER student_course_event_is_never_updated
BEFORE UPDATE ON student_course_event
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

-- Sets the queue number to the id of the event by which the student joined the waitlist.
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

CREATE TABLE student_word (
    word       TEXT    NOT NULL,
    student_id INTEGER NOT NULL,
    CONSTRAINT student_word_key PRIMARY KEY (word, student_id),
    CONSTRAINT student_word_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX student_word_by_student ON student_word (student_id);

CREATE TABLE term (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    code        TEXT    NOT NULL COLLATE NOCASE,
    title       TEXT    NOT NULL COLLATE NOCASE,
    start_on    TEXT    NOT NULL,
    end_on      TEXT    NOT NULL,
    max_credits REAL,
    updated_at  TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    version     INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT term_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT term_code_unique UNIQUE (code),
    CONSTRAINT term_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT term_start_on_is_date CHECK (start_on IS date(start_on, '+0 days')),
    CONSTRAINT term_end_on_is_date CHECK (end_on IS date(end_on, '+0 days')),
    CONSTRAINT term_ends_after_start CHECK (start_on <= end_on),
    CONSTRAINT term_max_credits_range CHECK (max_credits BETWEEN 0 AND 1000),
    CONSTRAINT term_updated_at_is_time
        CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at, '+0 days')),
    CONSTRAINT term_version_positive CHECK (version >= 1)
) STRICT;

CREATE TRIGGER course_term_follows_the_case
AFTER UPDATE OF code ON term
WHEN NEW.code <> OLD.code COLLATE BINARY
BEGIN
    UPDATE course SET term = NEW.code WHERE term = NEW.code AND term <> NEW.code COLLATE BINARY;
END;

CREATE TRIGGER term_update_is_dated
AFTER UPDATE ON term
WHEN NEW.updated_at < OLD.updated_at
    OR NEW.updated_at = OLD.updated_at AND NEW.updated_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN
    UPDATE term SET updated_at = max(OLD.updated_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    WHERE id = NEW.id;
END;

CREATE TABLE token (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    student_id   INTEGER,
    lookup       TEXT    NOT NULL,
    digest       TEXT    NOT NULL,
    created_at   TEXT    NOT NULL,
    created_by   TEXT    NOT NULL,
    expires_at   TEXT,
    last_used_at TEXT,
    revoked_at   TEXT,
    revoked_by   TEXT,
    version      INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT token_lookup_unique UNIQUE (lookup),
    CONSTRAINT token_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT token_name_length CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT token_role_known CHECK (role IN ('monitor', 'reader', 'registrar', 'student', 'admin')),
    CONSTRAINT token_of_a_student_has_one CHECK ((role = 'student') = (student_id IS NOT NULL)),
    CONSTRAINT token_digest_form CHECK (digest GLOB replace(hex(zeroblob(32)), '0', '[0-9a-f]')),
    CONSTRAINT token_times_are_times CHECK (
        created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at, '+0 days')
        AND expires_at IS strftime('%Y-%m-%dT%H:%M:%fZ', expires_at, '+0 days')
        AND last_used_at IS strftime('%Y-%m-%dT%H:%M:%fZ', last_used_at, '+0 days')
        AND revoked_at IS strftime('%Y-%m-%dT%H:%M:%fZ', revoked_at, '+0 days')
    ),
    CONSTRAINT token_revoked_by_someone CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)),
    CONSTRAINT token_version_positive CHECK (version >= 1)
) STRICT;

CREATE INDEX token_by_student ON token (student_id);

CREATE VIEW course_search AS
SELECT DISTINCT course.id AS course_id, word.value AS word
FROM course
CROSS JOIN json_each(
    (
        WITH RECURSIVE spelled (text, place, key) AS (
            SELECT
                words || CASE
                    WHEN words GLOB '*[''’]*'
                        THEN ' ' || replace(replace(words, '''', ' '), '’', ' ')
                    ELSE ''
                END,
                0, ''
            FROM (
                SELECT
                    code || ' ' || coalesce(section, '') || ' ' || title || ' ' || coalesce(instructor, '')
                        AS words
            ) AS course_text
            UNION ALL
            SELECT text, place + 1, key || coalesce(
                    (SELECT base FROM letter WHERE letter = substr(text, place + 1, 1)),
                    substr(text, place + 1, 1)
                )
            FROM spelled
            WHERE place < length(text)
        )
        SELECT '["' || replace(key, ' ', '","') || '"]' FROM spelled WHERE place = length(text)
    )
) AS word
WHERE word.value <> '';

CREATE VIEW course_seat AS
SELECT
    id AS course_id, capacity,
    (
        SELECT count(*) FROM student_course
        WHERE course_id = course.id AND status = 'enrolled'
    ) AS enrolled,
    (
        SELECT count(*) FROM student_course
        WHERE course_id = course.id AND status = 'waitlisted'
    ) AS waitlisted
FROM course;

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

CREATE VIEW student_search AS
SELECT DISTINCT student.id AS student_id, word.value AS word
FROM student
CROSS JOIN json_each(
    (
        WITH RECURSIVE spelled (text, place, key) AS (
            SELECT
                coalesce(number, '') || ' ' || coalesce(email, '') || CASE
                    WHEN family_name || coalesce(given_name, '') GLOB '*[''’]*'
                        THEN ' ' || replace(
                            replace(family_name || ' ' || coalesce(given_name, ''), '''', ' '), '’', ' '
                        )
                    ELSE ''
                END,
                0, ''
            UNION ALL
            SELECT text, place + 1, key || coalesce(
                    (SELECT base FROM letter WHERE letter = substr(text, place + 1, 1)),
                    substr(text, place + 1, 1)
                )
            FROM spelled
            WHERE place < length(text)
        )
        SELECT '["' || replace(family_sort || ' ' || given_sort || ' ' || key, ' ', '","') || '"]'
        FROM spelled
        WHERE place = length(text)
    )
) AS word
WHERE word.value <> '';

CREATE VIEW student_sort AS
SELECT
    id AS student_id,
    (
        WITH RECURSIVE spelled (place, key) AS (
            SELECT 0, ''
            UNION ALL
            SELECT place + 1, key || coalesce(
                    (SELECT base FROM letter WHERE letter = substr(family_name, place + 1, 1)),
                    substr(family_name, place + 1, 1)
                )
            FROM spelled
            WHERE place < length(family_name)
        )
        SELECT key FROM spelled WHERE place = length(family_name)
    ) AS family_sort,
    coalesce(
        (
            WITH RECURSIVE spelled (place, key) AS (
                SELECT 0, ''
                UNION ALL
                SELECT place + 1, key || coalesce(
                        (SELECT base FROM letter WHERE letter = substr(given_name, place + 1, 1)),
                        substr(given_name, place + 1, 1)
                    )
                FROM spelled
                WHERE place < length(given_name)
            )
            SELECT key FROM spelled WHERE place = length(given_name)
        ),
        ''
    ) AS given_sort
FROM student;
