, renamed_stretch AS MATERIALIZED (
-- Which enrollments have got their first id of another system since, and were here before? Which can have an id that
-- two systems have given? Such an id is not known to be the one of this enrollment in exports. export.sql and
-- sourced.sql include it.
    SELECT event_id, max(changed_at) AS renamed_at
    FROM (
        SELECT named.event_id, import.made_at AS changed_at
        FROM import
        CROSS JOIN source_record AS named
        WHERE import.made_at >= :since
            AND import.undone_at IS NULL
            AND named.import_id = import.id
            AND named.event_id <= import.after_event
            AND NOT EXISTS (
                SELECT 1
                FROM source_record AS earlier
                CROSS JOIN import AS standing
                WHERE earlier.event_id = named.event_id
                    AND earlier.id < named.id
                    AND standing.id = earlier.import_id
                    AND standing.undone_at IS NULL
                    AND NOT EXISTS (
                        SELECT 1 FROM source_record AS other
                        WHERE other.kind = earlier.kind
                            AND other.sourced_id = earlier.sourced_id
                            AND other.source <> earlier.source
                    )
            )
        UNION ALL
        SELECT event_id, changed_at
        FROM (
-- include: shared_id.sql
        ) AS shared
        WHERE event_id IS NOT NULL
    ) AS dated
    GROUP BY event_id
)
