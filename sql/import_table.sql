-- The temporary tables of an import, each statement on its own. A view comes after its tables.

-- The rows that an import brings in, for the queries of the other files. They are gone with the transaction, or
-- dropped at its end. is_wanted: neither the row nor what it hangs on is at fault. known_id: the record that the source
-- had under this id when the import began.
CREATE TEMPORARY TABLE incoming (
    id         INTEGER PRIMARY KEY,
    file       TEXT    NOT NULL,
    line       bigint  NOT NULL,
    kind       TEXT    NOT NULL,
    sourced_id TEXT,
    is_deleted bigint  NOT NULL,
    is_wanted  boolean NOT NULL,
    content    TEXT    NOT NULL,
    user_ref   TEXT,
    class_ref  TEXT,
    number     TEXT,
    known_id   bigint,
    CONSTRAINT incoming_by_sourced_id UNIQUE (kind, sourced_id, id)
);

-- The sessions that a class names, in their order.
CREATE TEMPORARY TABLE incoming_session (
    incoming_id bigint NOT NULL,
    place       bigint NOT NULL,
    sourced_id  TEXT   NOT NULL,
    CONSTRAINT incoming_session_key PRIMARY KEY (incoming_id, place)
);

-- Each day that the rows name: the day before, and when it begins where the school is.
CREATE TEMPORARY TABLE incoming_day (
    day        TEXT NOT NULL PRIMARY KEY,
    day_before TEXT NOT NULL,
    begins_at  TEXT NOT NULL
);

-- What is wrong with rows in view of the records.
CREATE TEMPORARY TABLE import_fault (
    id       INTEGER PRIMARY KEY,
    file     TEXT    NOT NULL,
    line     bigint,
    place    TEXT,
    value    TEXT,
    code     TEXT    NOT NULL,
    severity TEXT    NOT NULL,
    detail   TEXT    NOT NULL
);

-- What becomes of each row, or of each record that has none any more: the record of ours that it is, what was taken
-- from the source, and as JSON what ours was before and what it is to be (wanted).
CREATE TEMPORARY TABLE planned (
    id           INTEGER PRIMARY KEY,
    kind         TEXT    NOT NULL,
    incoming_id  bigint  UNIQUE,
    record_id    bigint,
    student_id   bigint,
    term_id      bigint,
    course_id    bigint,
    event_id     bigint,
    taken        TEXT,
    before       TEXT,
    wanted       TEXT,
    is_new       boolean NOT NULL DEFAULT false,
    is_ended     boolean NOT NULL DEFAULT false,
    -- Whether the source has changed what ours keeps.
    is_kept      boolean NOT NULL DEFAULT false,
    nth          bigint
);

CREATE INDEX IF NOT EXISTS planned_by_kind ON planned (kind, is_new, nth);

-- What the rows say of people: who is a student, and which student of ours that is.
CREATE TEMPORARY TABLE said_student (
    incoming_id INTEGER PRIMARY KEY,
    person      TEXT,
    record_id   bigint,
    -- The record of the source that may be this person under another id.
    renamed_id  bigint,
    student_id  bigint,
    last        TEXT,
    number      CITEXT,
    -- A name of a list that is not split.
    name        TEXT,
    given_name  TEXT,
    family_name TEXT,
    email       CITEXT,
    status      TEXT,
    -- Whether the student stays as before, whatever the status.
    stays       boolean NOT NULL DEFAULT false,
    -- A JSON array.
    groups      TEXT
);

CREATE INDEX IF NOT EXISTS said_student_by_person ON said_student (person);
CREATE INDEX IF NOT EXISTS said_student_by_number ON said_student (number);
CREATE INDEX IF NOT EXISTS said_student_by_email ON said_student (lower(email));
CREATE INDEX IF NOT EXISTS said_student_by_student ON said_student (student_id);
CREATE INDEX IF NOT EXISTS said_student_by_record ON said_student (record_id);
CREATE INDEX IF NOT EXISTS said_student_by_renamed ON said_student (renamed_id);

-- Which row may be which student: they have the same address and the same name.
CREATE TEMPORARY TABLE alike (
    incoming_id bigint NOT NULL,
    student_id  bigint NOT NULL
);

-- What becomes of each enrollment in the rows: whether it begins, whether it ends, and in which round. A student who
-- left and came back has two in one course, one round after the other.
CREATE TEMPORARY TABLE stretch (
    id          INTEGER PRIMARY KEY,
    incoming_id bigint,
    record_id   bigint,
    event_id    bigint,
    -- The stretch of an earlier row that says the same of the student.
    same_id     bigint,
    -- The event by which it has ended here, if that is corrected.
    corrects    bigint,
    student_id  bigint  NOT NULL,
    course_id   bigint  NOT NULL,
    begin_at    TEXT,
    end_at      TEXT,
    -- A row that begins then or later says that the student has come back: it may have been on the last day.
    back_at     TEXT,
    wanted      TEXT    NOT NULL,
    passed      boolean,
    grade       TEXT,
    last        TEXT,
    present     TEXT,
    is_new      boolean NOT NULL,
    is_deleted  bigint  NOT NULL,
    begins      boolean NOT NULL DEFAULT false,
    ends        boolean NOT NULL DEFAULT false,
    round       bigint,
    is_decided  bigint  NOT NULL DEFAULT 0,
    overridden  TEXT
);

CREATE INDEX IF NOT EXISTS stretch_by_pair ON stretch (student_id, course_id, wanted);
CREATE INDEX IF NOT EXISTS stretch_by_round ON stretch (round, is_decided);

-- The rules that an enrollment breaks: a JSON array, or NULL if there is none.
CREATE TEMPORARY TABLE decision (
    stretch_id INTEGER PRIMARY KEY,
    overridden TEXT
);

-- Each stretch with its row. What has no row any more is missing from the file of enrollments.
CREATE TEMPORARY VIEW placed_stretch AS
SELECT stretch.id, stretch.student_id, stretch.course_id, stretch.begins,
    coalesce(
        incoming.file,
        (SELECT min(file) FROM incoming AS place WHERE place.kind IN ('enrollments', 'list')),
        (SELECT min(file) FROM incoming AS place),
        ''
    ) AS file,
    incoming.line
FROM stretch
LEFT JOIN incoming ON incoming.id = stretch.incoming_id;
