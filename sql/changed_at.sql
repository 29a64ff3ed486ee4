-- When did `stretch` last change, or get or lose the id of another system? An undo gives ids back. export.sql,
-- oneroster.sql and sourced.sql include it.
    (
        SELECT max(changed_at)
        FROM (
            SELECT stretch.updated_at AS changed_at
            UNION ALL
            SELECT coalesce(import.undone_at, import.made_at)
            FROM source_record AS named
-- include: version_of_named.sql
                AND named.event_id = stretch.id
        ) AS dated
    ) AS updated_at,
