-- The last event of the enrollment `student_course` at as_of, by what was recorded until known_at and stood then.
-- roster.sql includes it.
        SELECT id FROM enrollment_event
        WHERE student_id = student_course.student_id
            AND course_id = student_course.course_id
            AND effective_at <= :as_of
            AND recorded_at <= :known_at
            AND coalesce(superseded_at > :known_at, true)
        ORDER BY id DESC LIMIT 1
