-- The sentence and the figures of course_full, for `course` and its `course_seat`. correction.sql and waitlist.sql
-- include it; eligibility.sql counts the seats that a request takes too, and those that are reserved.
    CASE course.capacity
        WHEN 0 THEN course.label || ' has no seats.'
        ELSE 'No seat of ' || course.label || ' is free: ' || CAST(course_seat.enrolled AS text) || ' of '
            || CAST(course.capacity AS text) || ' taken.'
    END,
    json_object('course', course.label, 'capacity', course.capacity, 'enrolled', course_seat.enrolled)
