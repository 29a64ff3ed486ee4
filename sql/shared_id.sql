-- The records of ours whose id another system has given to something else that has changed since: with that, the id can
-- pass from one to the other. renamed.sql and renamed_stretch.sql include it.
        SELECT named.kind, named.student_id, named.course_id, named.term_id, named.event_id, other.changed_at
        FROM (
            SELECT version.kind, version.sourced_id, version.source,
                coalesce(import.undone_at, import.made_at) AS changed_at
            FROM import
            CROSS JOIN source_record AS version
            WHERE coalesce(import.undone_at, import.made_at) >= :since AND version.import_id = import.id
            UNION ALL
            SELECT kind, sourced_id, source, gone_at
            FROM gone_id
            WHERE gone_at >= :since
        ) AS other
        CROSS JOIN source_record AS named
        WHERE named.kind = other.kind
            AND named.sourced_id = other.sourced_id
            AND named.source <> other.source
            AND named.is_current = 1
