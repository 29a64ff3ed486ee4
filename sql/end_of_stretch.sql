-- The event by which a stretch was completed: it has the outcome.
LEFT JOIN student_course_event AS ending ON stretch.status = 'completed' AND ending.id = (
    SELECT min(next.id) FROM enrollment_event AS next
    WHERE next.student_id = stretch.student_id AND next.course_id = stretch.course_id
        AND next.id > stretch.event_id
        AND next.superseded_by IS NULL
)
