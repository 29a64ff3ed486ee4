-- The temporary tables of the staging, each statement on its own.

-- The rows of files that came from elsewhere, for the queries of staging.sql. They are gone with the connection.
CREATE TEMPORARY TABLE staged (
    id         INTEGER PRIMARY KEY,
    file       TEXT    NOT NULL,
    line       bigint  NOT NULL,
    kind       TEXT    NOT NULL,
    sourced_id TEXT,
    is_deleted bigint  NOT NULL,
    is_sound   boolean NOT NULL,
    content    TEXT    NOT NULL,
    user_ref   TEXT,
    class_ref  TEXT,
    number     TEXT,
    -- The day after an enrollment begins.
    second_on  TEXT,
    CONSTRAINT staged_by_sourced_id UNIQUE (kind, sourced_id, id),
    CONSTRAINT staged_by_presence UNIQUE (kind, is_deleted, sourced_id, id)
);

-- Each id by which a row names another.
CREATE TEMPORARY TABLE staged_reference (
    staged_id   bigint  NOT NULL,
    place       TEXT    NOT NULL,
    nth         bigint  NOT NULL,
    target_kind TEXT    NOT NULL,
    target      TEXT    NOT NULL
);
