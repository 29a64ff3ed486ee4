-- The id under which the student of `stretch` is exported, if another system has one: that of :source, or else the
-- first. export.sql and sourced.sql include it.
    (
        SELECT person.sourced_id FROM exported_record AS person
        WHERE person.student_id = stretch.student_id AND person.kind = 'users'
        ORDER BY person.source = :source DESC, person.first_id
        LIMIT 1
    ) AS user_id
