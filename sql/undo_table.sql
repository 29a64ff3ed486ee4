-- The temporary tables of an undo, each statement on its own.

-- The enrollments that an import changed, and what becomes of each.
CREATE TEMPORARY TABLE undo_pair (
    student_id bigint  NOT NULL,
    course_id  bigint  NOT NULL,
    outcome    TEXT    NOT NULL,
    detail     TEXT,
    CONSTRAINT undo_pair_key PRIMARY KEY (student_id, course_id)
);

-- What is taken back next: the latest change of an enrollment, and what held before it. Without a status, nothing
-- held, and the enrollment becomes void.
CREATE TEMPORARY TABLE undo_step (
    student_id   bigint  NOT NULL,
    course_id    bigint  NOT NULL,
    corrects     bigint  NOT NULL,
    restores     bigint,
    status       TEXT,
    effective_at TEXT,
    passed       boolean,
    grade        TEXT,
    detail       TEXT,
    CONSTRAINT undo_step_key PRIMARY KEY (student_id, course_id)
);

-- The students, courses and terms that an import changed, and what becomes of each.
CREATE TEMPORARY TABLE undo_record (
    kind      TEXT    NOT NULL,
    record_id bigint  NOT NULL,
    is_new    boolean NOT NULL,
    -- Whether a new record differs by now from what the import left.
    is_edited boolean NOT NULL,
    before    TEXT,
    after     TEXT,
    -- The number that a student has after the import.
    number    TEXT,
    outcome   TEXT    NOT NULL,
    detail    TEXT,
    CONSTRAINT undo_record_key PRIMARY KEY (kind, record_id)
);
