-- When did `student` last change, or what another system says of the person? An undo changes that too. oneroster.sql and
-- sourced.sql include it.
    coalesce(
        (
            SELECT max(
                CASE
                    WHEN coalesce(import.undone_at, import.made_at) > student.updated_at
                        THEN coalesce(import.undone_at, import.made_at)
                    ELSE student.updated_at
                END
            )
            FROM source_record AS named
            CROSS JOIN source_record AS version
            CROSS JOIN import
            WHERE named.student_id = student.id
                AND named.kind = 'users'
                AND version.kind = named.kind
                AND version.sourced_id = named.sourced_id
                AND version.source = named.source
                AND import.id = version.import_id
        ),
        student.updated_at
    )
