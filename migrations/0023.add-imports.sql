-- Records what was brought in from other systems, and what each record is there.
-- depends: 0022.add-exports

-- An import is a transaction of its own. So its changes of records are those after `after_change` up to
-- `last_change`, and its events those after `after_event` up to `last_event`: an undo needs no other list.
-- `digest` is the SHA-256 of the file; `report` has no names of people, except in `faults`.

CREATE TABLE import (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    source       TEXT    NOT NULL COLLATE NOCASE,
    format       TEXT    NOT NULL,
    file_name    TEXT,
    digest       TEXT    NOT NULL,
    made_at      TEXT    NOT NULL,
    made_by      TEXT    NOT NULL,
    reason       TEXT,
    after_change INTEGER NOT NULL,
    last_change  INTEGER NOT NULL,
    after_event  INTEGER NOT NULL,
    last_event   INTEGER NOT NULL,
    report       TEXT    NOT NULL DEFAULT '{}',
    undone_at    TEXT,
    undone_by    TEXT,
    version      INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT import_source_length CHECK (length(source) BETWEEN 1 AND 100),
    CONSTRAINT import_format_known CHECK (format IN ('oneroster-1.1', 'oneroster-1.2', 'list')),
    CONSTRAINT import_digest_form CHECK (digest GLOB replace(hex(zeroblob(32)), '0', '[0-9a-f]')),
    CONSTRAINT import_report_is_an_object CHECK (report LIKE '{%}'),
    CONSTRAINT import_times_are_times CHECK (
        made_at IS strftime('%Y-%m-%dT%H:%M:%fZ', made_at, '+0 days')
        AND undone_at IS strftime('%Y-%m-%dT%H:%M:%fZ', undone_at, '+0 days')
    ),
    CONSTRAINT import_ranges_run_forward CHECK (after_change <= last_change AND after_event <= last_event),
    CONSTRAINT import_undone_by_someone CHECK ((undone_at IS NULL) = (undone_by IS NULL)),
    CONSTRAINT import_version_positive CHECK (version >= 1)
) STRICT;

CREATE TRIGGER import_stays
BEFORE DELETE ON import
BEGIN
    SELECT RAISE(ABORT, 'an import is undone, never deleted');
END;

CREATE TRIGGER import_is_never_replaced
BEFORE INSERT ON import
WHEN EXISTS (SELECT 1 FROM import WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'an import is never replaced');
END;

-- A record of another system, as an import found it: a line of a file. `content` holds every cell by the name of its
-- column: what has no column here is exported as it came. `taken` holds what was made of it here: a change made
-- there is told from one made here. It is a student, a term or a course of ours; an enrollment is both, from the
-- event on by which it began. A teacher is none of them, and only kept; `user_ref` and `class_ref` lead to its person
-- and class. Each import that finds a change adds a
-- version, and `first_id` is the first of them; the last that is not undone is current.
CREATE TABLE source_record (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    first_id   INTEGER,
    import_id  INTEGER NOT NULL,
    source     TEXT    NOT NULL COLLATE NOCASE,
    kind       TEXT    NOT NULL,
    sourced_id TEXT    NOT NULL,
    is_current INTEGER NOT NULL DEFAULT 1,
    is_deleted INTEGER NOT NULL DEFAULT 0,
    content    TEXT    NOT NULL,
    taken      TEXT,
    user_ref   TEXT,
    class_ref  TEXT,
    student_id INTEGER,
    term_id    INTEGER,
    course_id  INTEGER,
    event_id   INTEGER,
    CONSTRAINT source_record_key UNIQUE (kind, sourced_id, source, import_id),
    CONSTRAINT source_record_import_exists FOREIGN KEY (import_id) REFERENCES import (id)
        ON UPDATE RESTRICT ON DELETE RESTRICT,
    CONSTRAINT source_record_student_exists FOREIGN KEY (student_id) REFERENCES student (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT source_record_term_exists FOREIGN KEY (term_id) REFERENCES term (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT source_record_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT source_record_kind_known CHECK (
        kind IN ('orgs', 'academicSessions', 'courses', 'classes', 'users', 'roles', 'enrollments')
    ),
    CONSTRAINT source_record_sourced_id_length CHECK (length(sourced_id) BETWEEN 1 AND 255),
    CONSTRAINT source_record_is_yes_or_no CHECK (is_current IN (0, 1) AND is_deleted IN (0, 1)),
    CONSTRAINT source_record_is_what_it_can_be CHECK (
        (term_id IS NULL OR kind = 'academicSessions')
        AND (event_id IS NULL OR kind = 'enrollments')
        AND (student_id IS NULL OR kind IN ('users', 'enrollments'))
        AND (course_id IS NULL OR kind IN ('classes', 'enrollments'))
    ),
    CONSTRAINT source_record_content_is_an_object CHECK (content LIKE '{%}' AND taken LIKE '{%}')
) STRICT;

CREATE INDEX source_record_by_import ON source_record (import_id);

CREATE INDEX source_record_by_student ON source_record (student_id, course_id) WHERE student_id IS NOT NULL;

CREATE INDEX source_record_by_term ON source_record (term_id) WHERE term_id IS NOT NULL;

CREATE INDEX source_record_by_course ON source_record (course_id) WHERE course_id IS NOT NULL;

CREATE INDEX source_record_by_event ON source_record (event_id) WHERE event_id IS NOT NULL;

CREATE INDEX source_record_by_user ON source_record (user_ref, kind) WHERE user_ref IS NOT NULL;

CREATE INDEX source_record_by_class ON source_record (class_ref, kind) WHERE class_ref IS NOT NULL;

-- The records of other systems that an export has. Where two systems have the same id, it is that of the first.
CREATE VIEW exported_record AS
SELECT id, coalesce(first_id, id) AS first_id, import_id, source, kind, sourced_id, is_deleted, content, taken,
    user_ref, class_ref, student_id, term_id, course_id, event_id
FROM source_record AS record
WHERE is_current = 1
    AND NOT EXISTS (
        SELECT 1 FROM source_record AS other
        WHERE other.kind = record.kind
            AND other.sourced_id = record.sourced_id
            AND other.is_current = 1
            AND coalesce(other.first_id, other.id) < coalesce(record.first_id, record.id)
    );
