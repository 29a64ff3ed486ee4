-- The number of a record of ours at the end of the id of a row, or NULL if the id is none of ours.
-- import_course.sql, import_enrollment.sql and import_student.sql include it.
        CASE
            WHEN incoming.sourced_id LIKE :key || CASE incoming.kind
                    WHEN 'academicSessions' THEN '-term-'
                    WHEN 'classes' THEN '-class-'
                    WHEN 'users' THEN '-student-'
                    WHEN 'enrollments' THEN '-enrollment-'
                END || '__________'
                AND trim(substr(incoming.sourced_id, length(incoming.sourced_id) - 9), '0123456789') = ''
                THEN CAST(substr(incoming.sourced_id, length(incoming.sourced_id) - 9) AS bigint)
        END
