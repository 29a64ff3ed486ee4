-- The meetings of `course` in their order, as JSON. Queries include it. It is no view: in one, SQLite lets no function
-- of JSON run while the schema is not trusted.
    (
        SELECT json_group_array(
            json_object(
                'weekday', weekday, 'from_time', from_time, 'to_time', to_time, 'room', room,
                'start_on', start_on, 'end_on', end_on, 'every', every
            )
        )
        FROM (
            SELECT weekday, from_time, to_time, room, start_on, end_on, every FROM course_meeting
            WHERE course_meeting.course_id = course.id
            ORDER BY weekday, from_time, coalesce(start_on, '')
        ) AS meeting
    ) AS meetings
