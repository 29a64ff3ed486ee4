-- What the rules of registration look at: holds, requirements, meetings, limits.
-- depends: 0002.create-student-course

-- A student's own limit goes before the term's.
ALTER TABLE student ADD COLUMN max_credits REAL
    CONSTRAINT student_max_credits_range CHECK (max_credits BETWEEN 0 AND 1000);

ALTER TABLE course ADD COLUMN repeatable INTEGER NOT NULL DEFAULT 0
    CONSTRAINT course_repeatable_is_yes_or_no CHECK (repeatable IN (0, 1));

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

-- Another course, by its code, that must be completed before ('prerequisite'), before or at the same
-- time ('concurrent'), or that belongs to it ('corequisite').
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

-- A weekday from 1, Monday, to 7, Sunday (ISO 8601), and two times of day, HH:MM.
CREATE TABLE course_meeting (
    course_id INTEGER NOT NULL,
    weekday   INTEGER NOT NULL,
    from_time TEXT    NOT NULL,
    to_time   TEXT    NOT NULL,
    CONSTRAINT course_meeting_key PRIMARY KEY (course_id, weekday, from_time),
    CONSTRAINT course_meeting_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT course_meeting_weekday_known CHECK (weekday BETWEEN 1 AND 7),
    CONSTRAINT course_meeting_from_is_time CHECK (from_time IS strftime('%H:%M', from_time, '+0 days')),
    CONSTRAINT course_meeting_to_is_time CHECK (to_time IS strftime('%H:%M', to_time, '+0 days')),
    CONSTRAINT course_meeting_ends_after_start CHECK (from_time < to_time)
) STRICT, WITHOUT ROWID;
