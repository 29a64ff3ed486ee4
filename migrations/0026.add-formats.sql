-- Files of Microsoft School Data Sync 2.1 and of Clever can be brought in, too.
-- depends: 0025.add-swaps

-- SQLite cannot change a CHECK, so the table is made again. The old one gets another name; with this pragma, what
-- refers to it keeps its own (https://www.sqlite.org/pragma.html#pragma_legacy_alter_table).
PRAGMA legacy_alter_table = ON;

ALTER TABLE import RENAME TO old_import;

PRAGMA legacy_alter_table = OFF;

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
    CONSTRAINT import_format_known CHECK (format IN ('oneroster-1.1', 'oneroster-1.2', 'sds-2.1', 'clever', 'list')),
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

INSERT INTO import (
    id, source, format, file_name, digest, made_at, made_by, reason, after_change,
    last_change, after_event, last_event, report, undone_at, undone_by, version
)
SELECT
    id, source, format, file_name, digest, made_at, made_by, reason, after_change,
    last_change, after_event, last_event, report, undone_at, undone_by, version
FROM old_import;

DROP TABLE old_import;

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
