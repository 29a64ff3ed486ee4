-- When did `stretch` last change, or get or lose the id of another system? An undo gives ids back. export.sql,
-- oneroster.sql and sourced.sql include it.
    coalesce(
        (
            SELECT max(
                CASE
                    WHEN coalesce(import.undone_at, import.made_at) > stretch.updated_at
                        THEN coalesce(import.undone_at, import.made_at)
                    ELSE stretch.updated_at
                END
            )
            FROM source_record AS named
            CROSS JOIN source_record AS version
            CROSS JOIN import
            WHERE named.event_id = stretch.id
                AND version.kind = named.kind
                AND version.sourced_id = named.sourced_id
                AND version.source = named.source
                AND import.id = version.import_id
        ),
        stretch.updated_at
    ) AS updated_at,
