-- The columns of an event. event.sql includes it.
    id, student_id, course_id, from_status, to_status, effective_at, recorded_at, actor, reason, overridden,
    corrects, restores, passed, grade, position, instead_of
