-- When did `student` last change, or what another system says of the person? An undo changes that too. oneroster.sql and
-- sourced.sql include it.
    (
        SELECT max(changed_at)
        FROM (
            SELECT student.updated_at AS changed_at
            UNION ALL
            SELECT coalesce(import.undone_at, import.made_at)
            FROM source_record AS named
-- include: version_of_named.sql
                AND named.student_id = student.id
                AND named.kind = 'users'
        ) AS dated
    )
