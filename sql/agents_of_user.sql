-- The ids of those agents of the user `known` of another system who are exported, in no order. They stand in one cell,
-- with commas: so they are made a JSON array. oneroster.sql and sourced.sql include it.
    (
        SELECT group_concat(person.sourced_id, ',')
        FROM json_each(replace(CAST(json_array(known.content ->> 'agentSourcedIds') AS text), ',', '","')) AS named
        CROSS JOIN exported_record AS person
        WHERE person.kind = 'users'
            AND person.sourced_id = named.atom
            AND person.source = known.source
            AND (
-- include: exported_user.sql
            )
    ) AS agents
