-- When did the student last leave the course before `stretch` began there, in a stretch that is exported too?
-- oneroster.sql and sourced.sql include it.
    (
        SELECT max(ending.effective_at) FROM enrollment_event AS ending
        WHERE ending.student_id = stretch.student_id AND ending.course_id = stretch.course_id
            AND ending.id < stretch.event_id
            AND ending.from_status = 'enrolled'
            AND (ending.to_status = 'completed' OR ending.to_status = 'dropped' AND :with_history)
            AND ending.superseded_by IS NULL
    ) AS left_at,
