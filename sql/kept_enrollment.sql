-- Whether `place` is the enrollment of a teacher or another in another system: none of a student, not deleted, of the
-- user `person` and in the class `class`. oneroster.sql and sourced.sql include it.
        place.kind = 'enrollments'
        AND place.student_id IS NULL
        AND place.is_deleted = 0
        AND person.kind = 'users'
        AND person.sourced_id = place.user_ref
        AND person.source = place.source
        AND (person.is_deleted = 0 OR person.student_id IS NOT NULL)
        AND class.kind = 'classes'
        AND class.sourced_id = place.class_ref
        AND class.source = place.source
        AND class.is_current = 1
