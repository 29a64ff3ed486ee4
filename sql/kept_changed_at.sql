-- When did `known` last change, a record of another system as it is kept? An undo changes it too. sourced.sql includes it.
    (
        SELECT max(coalesce(import.undone_at, import.made_at))
        FROM (SELECT known.kind, known.sourced_id, known.source) AS named
-- include: version_of_named.sql
    )
