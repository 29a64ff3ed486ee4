-- Whether the user `person` of another system is exported: one who is there and none of our students; and of a student
-- the record of :source, or else the first. agents_of_user.sql and sourced.sql include it.
        person.student_id IS NULL AND person.is_deleted = 0
        OR person.id = (
            SELECT first.id FROM exported_record AS first
            WHERE first.student_id = person.student_id AND first.kind = 'users'
            ORDER BY first.source = :source DESC, first.first_id
            LIMIT 1
        )
