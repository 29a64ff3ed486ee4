-- name: insert_incoming(staged, source)!
-- Add rows that were staged: a JSON array of their columns.
INSERT INTO incoming (
    id, file, line, kind, sourced_id, is_deleted, is_wanted, content, user_ref, class_ref, number, known_id
)
SELECT CAST(value ->> 0 AS bigint), value ->> 1, CAST(value ->> 2 AS bigint), value ->> 3, value ->> 4,
    CAST(value ->> 5 AS bigint), CAST(value ->> 6 AS boolean), value ->> 7, value ->> 8, value ->> 9, value ->> 10,
    (
        SELECT known.id FROM source_record AS known
        WHERE known.kind = staged.value ->> 3
            AND known.sourced_id = staged.value ->> 4
            AND known.source = :source
            AND known.is_current = 1
    )
FROM json_each(:staged) AS staged
ORDER BY key;

-- name: insert_incoming_sessions(sessions)!
-- Add the sessions that classes name: a JSON array of the columns.
INSERT INTO incoming_session (incoming_id, place, sourced_id)
SELECT CAST(value ->> 0 AS bigint), CAST(value ->> 1 AS bigint), value ->> 2
FROM json_each(:sessions);

-- name: insert_incoming_days(days)!
-- Add the days that the rows name: a JSON array of the columns.
INSERT INTO incoming_day (day, day_before, begins_at)
SELECT value ->> 0, value ->> 1, value ->> 2
FROM json_each(:days);

-- name: list_incoming_days()
-- Which days do the rows name, and on which do terms start?
SELECT content ->> 'beginDate' AS day FROM incoming WHERE content ->> 'beginDate' IS NOT NULL
UNION
SELECT content ->> 'endDate' FROM incoming WHERE content ->> 'endDate' IS NOT NULL
UNION
SELECT content ->> 'startDate' FROM incoming WHERE content ->> 'startDate' IS NOT NULL
UNION
SELECT start_on FROM term
ORDER BY day;

-- name: list_import_faults()
-- What is wrong with the rows in view of the records?
SELECT file, line, place, value, code, severity, detail
FROM import_fault
ORDER BY file, line NULLS FIRST, id;

-- name: list_faults_of_refused_students()
-- Which faults have the rows of new students, each of whose rows is refused?
SELECT fault.file, fault.line, fault.place, fault.value, fault.code, fault.severity, fault.detail
FROM planned
CROSS JOIN stretch
CROSS JOIN incoming
CROSS JOIN import_fault AS fault
WHERE planned.kind = 'student'
    AND planned.is_new
    AND stretch.student_id = planned.student_id
    AND NOT EXISTS (
        SELECT 1 FROM stretch AS other
        WHERE other.student_id = planned.student_id AND (NOT other.begins OR other.is_decided = 2)
    )
    AND incoming.id = stretch.incoming_id
    AND fault.file = incoming.file
    AND fault.line = incoming.line
    AND fault.severity = 'error'
ORDER BY fault.id;

-- name: insert_import_faults(faults)!
-- Note faults again that were found before. faults is a JSON array of the columns of list_import_faults.
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT value ->> 0, CAST(value ->> 1 AS bigint), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
FROM json_each(:faults)
ORDER BY key;

-- name: insert_deletion_faults(source, kinds)!
-- Which rows of a delta are to be deleted and were never here? kinds is a JSON array of the kinds that are deltas.
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT file, line, 'sourcedId', sourced_id, 'unknown_to_delete', 'warning',
    'There is no ' || sourced_id || ' of this source: nothing is deleted.'
FROM incoming
WHERE is_deleted = 1
    AND is_wanted
    AND kind IN (SELECT atom FROM json_each(:kinds))
    AND NOT EXISTS (
        SELECT 1 FROM source_record AS known
        WHERE known.kind = incoming.kind AND known.sourced_id = incoming.sourced_id AND known.source = :source
            AND known.content ->> 'sourcedId' IS NOT NULL
    );

-- name: update_unresolved_unwanted()!
-- Leave out what is to be deleted and was never here, and what names something that is not here.
UPDATE incoming
SET is_wanted = false
WHERE (file, line) IN (SELECT file, line FROM import_fault WHERE code IN ('unknown_to_delete', 'unresolved_reference'));

-- name: update_faulty_unwanted()!
-- Leave out the rows that are at fault.
UPDATE incoming
SET is_wanted = false
WHERE (file, line) IN (SELECT file, line FROM import_fault WHERE severity <> 'warning');

-- name: insert_source_records(import_id, source, kind)!
-- Keep a new version of each record of this kind that is not as it was.
INSERT INTO source_record (
    first_id, import_id, source, kind, sourced_id, is_deleted, content, user_ref, class_ref, taken, student_id, term_id,
    course_id, event_id
)
SELECT first_id, :import_id, :source, :kind, sourced_id, is_deleted, content, user_ref, class_ref, taken, student_id,
    term_id, course_id, event_id
FROM (
    SELECT incoming.sourced_id, incoming.is_deleted, incoming.content, incoming.user_ref, incoming.class_ref,
        coalesce(planned.taken, known.taken) AS taken,
        coalesce(planned.student_id, known.student_id) AS student_id,
        coalesce(planned.term_id, known.term_id) AS term_id,
        coalesce(planned.course_id, known.course_id) AS course_id,
        coalesce(planned.event_id, known.event_id) AS event_id,
        incoming.id,
        known.id AS known_id,
        -- An id that is back has the place among others that it had.
        coalesce(
            known.first_id, known.id,
            (
                SELECT min(coalesce(former.first_id, former.id)) FROM source_record AS former
                WHERE former.kind = :kind AND former.sourced_id = incoming.sourced_id AND former.source = :source
            ),
            (
                SELECT gone_id.first_id FROM gone_id
                WHERE gone_id.kind = :kind AND gone_id.sourced_id = incoming.sourced_id AND gone_id.source = :source
            )
        ) AS first_id,
        known.is_deleted AS was_deleted, known.content AS old_content,
        known.taken AS old_taken, known.student_id AS old_student_id, known.term_id AS old_term_id,
        known.course_id AS old_course_id, known.event_id AS old_event_id
    FROM incoming
    LEFT JOIN planned ON planned.incoming_id = incoming.id
    LEFT JOIN source_record AS known ON known.id = incoming.known_id
    WHERE incoming.kind = :kind
        AND incoming.is_wanted
        AND (planned.incoming_id IS NOT NULL OR incoming.is_deleted = 0 OR known.id IS NOT NULL)
) AS found
WHERE known_id IS NULL
    OR is_deleted <> was_deleted
    OR content <> old_content
    OR taken IS DISTINCT FROM old_taken
    OR student_id IS DISTINCT FROM old_student_id
    OR term_id IS DISTINCT FROM old_term_id
    OR course_id IS DISTINCT FROM old_course_id
    OR event_id IS DISTINCT FROM old_event_id
ORDER BY id;

-- name: insert_ended_records(import_id, source, kind)!
-- Keep that records of this kind are no longer there. One whose id has a row is that of the row now.
INSERT INTO source_record (
    first_id, import_id, source, kind, sourced_id, is_deleted, content, user_ref, class_ref, taken, student_id, term_id,
    course_id, event_id
)
SELECT coalesce(known.first_id, known.id), :import_id, known.source, known.kind, known.sourced_id, 1,
    known.content, known.user_ref, known.class_ref,
    coalesce(planned.taken, known.taken), known.student_id, known.term_id, known.course_id, known.event_id
FROM planned
CROSS JOIN source_record AS known
WHERE planned.incoming_id IS NULL AND known.id = planned.record_id AND known.kind = :kind AND known.source = :source
    AND NOT EXISTS (
        SELECT 1 FROM incoming
        WHERE incoming.kind = known.kind AND incoming.sourced_id = known.sourced_id AND incoming.is_wanted
    )
ORDER BY known.id;

-- name: insert_missing_kept_records(import_id, source, kind)!
-- Keep that people, roles and enrollments which are none of ours are no longer there. An enrollment can only be
-- missing from a class that is there.
INSERT INTO source_record (
    first_id, import_id, source, kind, sourced_id, is_deleted, content, user_ref, class_ref, taken
)
SELECT coalesce(first_id, id), :import_id, source, kind, sourced_id, 1, content, user_ref, class_ref, taken
FROM source_record AS known
WHERE kind = :kind
    AND source = :source
    AND is_current = 1
    AND is_deleted = 0
    AND student_id IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM incoming WHERE incoming.kind = known.kind AND incoming.sourced_id = known.sourced_id
    )
    AND (
        kind <> 'enrollments'
        OR EXISTS (
            SELECT 1 FROM incoming AS class
            WHERE class.kind = 'classes' AND class.sourced_id = known.class_ref
        )
    )
ORDER BY id;

-- name: update_records_superseded(import_id)!
-- The versions before those of this import are current no more.
UPDATE source_record
SET is_current = 0
WHERE is_current = 1
    AND import_id < :import_id
    AND (kind, sourced_id, source) IN (
        SELECT kind, sourced_id, source FROM source_record WHERE import_id = :import_id
    );
