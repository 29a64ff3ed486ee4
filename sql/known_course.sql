-- Whether the course was on record at known_at. census.sql includes it.
    AND NOT EXISTS (
        SELECT 1 FROM record_change AS change
        WHERE change.subject_id = course.id
            AND coalesce(change.subject, '') = 'course'
            AND change.part IS NULL
            AND change.before IS NULL
            AND change.recorded_at > :known_at
    )
