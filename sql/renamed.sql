, renamed AS MATERIALIZED (
-- Which students, courses and terms of ours have got an id of another system since, or lost one, and when? What an
-- import has created never had another id. export.sql and sourced.sql include it.
    SELECT student_id, course_id, term_id, max(changed_at) AS renamed_at
    FROM (
        SELECT named.student_id, named.course_id, named.term_id,
            coalesce(import.undone_at, import.made_at) AS changed_at
        FROM import
        CROSS JOIN source_record AS named
        WHERE coalesce(import.undone_at, import.made_at) >= :since
            AND named.import_id = import.id
            AND named.kind IN ('academicSessions', 'classes', 'users')
            AND NOT EXISTS (
                SELECT 1
                FROM source_record AS earlier
                CROSS JOIN import AS standing
                WHERE earlier.kind = named.kind
                    AND earlier.sourced_id = named.sourced_id
                    AND earlier.source = named.source
                    AND earlier.id < named.id
                    AND coalesce(earlier.student_id, earlier.course_id, earlier.term_id)
                        = coalesce(named.student_id, named.course_id, named.term_id)
                    AND standing.id = earlier.import_id
                    AND standing.undone_at IS NULL
            )
            AND (
                import.undone_at IS NOT NULL
                OR NOT EXISTS (
                    SELECT 1 FROM record_change AS creation
                    WHERE creation.subject_id = coalesce(named.student_id, named.course_id, named.term_id)
                        AND creation.id > import.after_change
                        AND creation.id <= import.last_change
                        AND creation.subject = CASE named.kind
                            WHEN 'users' THEN 'student' WHEN 'classes' THEN 'course' ELSE 'term'
                        END
                        AND creation.part IS NULL
                        AND creation.before IS NULL
                )
            )
        UNION ALL
        -- A merge gives the ids of one to the other.
        SELECT student.id, NULL, NULL, merge.merged_at
        FROM merge
        CROSS JOIN student
        WHERE merge.merged_at >= :since
            AND student.id IN (merge.student_id, merge.into_id)
        UNION ALL
        SELECT student_id, course_id, term_id, changed_at
        FROM (
-- include: shared_id.sql
        ) AS shared
        WHERE kind IN ('academicSessions', 'classes', 'users')
    ) AS dated
    WHERE coalesce(student_id, course_id, term_id) IS NOT NULL
    GROUP BY student_id, course_id, term_id
)
