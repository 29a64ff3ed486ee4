-- What several queries ask alike is written once: an enrollment, its past versions, a course's seats.
-- depends: 0008.create-kept-answer

-- An enrollment with its position on the waitlist: 1 is next. NULL for a student who is not waitlisted.
CREATE VIEW enrollment AS
SELECT
    student_id, course_id, status, queue_number,
    CASE
        WHEN status = 'waitlisted' THEN (
            SELECT count(*) FROM student_course AS ahead
            WHERE ahead.course_id = student_course.course_id
                AND ahead.status = 'waitlisted'
                AND ahead.queue_number <= student_course.queue_number
        )
    END AS position,
    enrolled_at, waitlisted_at, completed_at, dropped_at, version
FROM student_course;

-- An enrollment as it was after each of its events: each time is the last at which it took that status.
CREATE VIEW enrollment_version AS
SELECT
    last.id AS event_id, last.student_id, last.course_id, last.to_status AS status,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'enrolled' AND event.from_status IS DISTINCT FROM 'enrolled'
    ) AS enrolled_at,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'waitlisted' AND event.from_status IS DISTINCT FROM 'waitlisted'
    ) AS waitlisted_at,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'completed' AND event.from_status IS DISTINCT FROM 'completed'
    ) AS completed_at,
    (
        SELECT max(effective_at) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
            AND event.to_status = 'dropped' AND event.from_status IS DISTINCT FROM 'dropped'
    ) AS dropped_at,
    (
        SELECT count(*) FROM student_course_event AS event
        WHERE event.student_id = last.student_id AND event.course_id = last.course_id
            AND event.id <= last.id
    ) AS version
FROM student_course_event AS last;

-- How many seats a course has (NULL: no limit), and how many students are enrolled and waitlisted.
CREATE VIEW course_seat AS
SELECT
    id AS course_id, capacity,
    (
        SELECT count(*) FROM student_course
        WHERE course_id = course.id AND status = 'enrolled'
    ) AS enrolled,
    (
        SELECT count(*) FROM student_course
        WHERE course_id = course.id AND status = 'waitlisted'
    ) AS waitlisted
FROM course;
