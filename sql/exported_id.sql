-- The record of ours that exports give the id of a row, in an export of our own: it has the ids that others gave. One
-- that two gave to different records is neither's. import_course.sql and import_student.sql include it.
        CASE
            WHEN :source = :key THEN (
                SELECT min(coalesce(exported.student_id, exported.term_id, exported.course_id))
                FROM source_record AS exported
                WHERE exported.kind = incoming.kind
                    AND exported.sourced_id = incoming.sourced_id
                    AND exported.is_current = 1
                HAVING count(DISTINCT coalesce(exported.student_id, exported.term_id, exported.course_id, 0)) = 1
            )
        END
