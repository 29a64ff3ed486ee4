-- Does `course`, with its `course_seat`, give seats by itself: it promotes automatically, and has waitlisted students and
-- free seats? waitlist.sql includes it.
    AND course.promotion = 'automatic'
    -- The view counts the whole waitlist; here one student on it is enough. PostgreSQL would begin with all waitlists
    -- of the school, but does not take a subquery with an offset apart.
    AND EXISTS (
        SELECT 1 FROM student_course
        WHERE student_course.course_id = course.id AND student_course.status = 'waitlisted'
        LIMIT 1 OFFSET 0
    )
    AND (course_seat.capacity IS NULL OR course_seat.capacity > course_seat.enrolled)
