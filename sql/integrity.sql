-- name: list_history_mismatches(limit)
-- Which enrollments differ from their events in status, time, outcome or the number of changes?
SELECT present.student_id, present.course_id
FROM student_course AS present
LEFT JOIN student_course_event AS last
    ON last.id = (
        SELECT max(id) FROM student_course_event AS event
        WHERE event.student_id = present.student_id AND event.course_id = present.course_id
    )
WHERE present.status IS DISTINCT FROM last.to_status
    -- Written by hand, or by a clock that ran backwards, these two may be earlier.
    OR present.changed_at > last.recorded_at
    OR last.effective_at < CASE present.status
        WHEN 'enrolled' THEN present.enrolled_at
        WHEN 'waitlisted' THEN present.waitlisted_at
        WHEN 'completed' THEN present.completed_at
        WHEN 'dropped' THEN present.dropped_at
    END
    -- After a correction, these are exactly those of the events that stand.
    OR last.corrects IS NOT NULL
    AND present.status <> 'void'
    AND NOT EXISTS (
        SELECT 1 FROM enrollment_version AS version
        WHERE version.event_id = last.id
            AND version.enrolled_at IS NOT DISTINCT FROM present.enrolled_at
            AND version.waitlisted_at IS NOT DISTINCT FROM present.waitlisted_at
            AND version.completed_at IS NOT DISTINCT FROM present.completed_at
            AND version.dropped_at IS NOT DISTINCT FROM present.dropped_at
    )
    OR (present.passed IS NOT NULL OR last.to_status = 'completed')
    AND NOT EXISTS (
        SELECT 1 FROM enrollment_version AS version
        WHERE version.event_id = last.id
            AND version.passed IS NOT DISTINCT FROM present.passed
            AND version.grade IS NOT DISTINCT FROM present.grade
            AND version.passed_at IS NOT DISTINCT FROM present.passed_at
    )
    OR present.version <> (
        SELECT count(*) FROM student_course_event AS event
        WHERE event.student_id = present.student_id AND event.course_id = present.course_id
    )
UNION ALL
SELECT student_id, course_id
FROM student_course_event AS event
WHERE event.from_status IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM student_course AS present
        WHERE present.student_id = event.student_id AND present.course_id = event.course_id
    )
    -- A void enrollment goes with its student or its course.
    AND 'void' <> (
        SELECT last.to_status FROM student_course_event AS last
        WHERE last.student_id = event.student_id AND last.course_id = event.course_id
        ORDER BY last.id DESC LIMIT 1
    )
ORDER BY student_id, course_id
LIMIT :limit;

-- name: list_broken_histories(limit)
-- Which events do not continue the one before, of all or of the same enrollment, in id, status or time? The one
-- before a correction is the last that it leaves standing. A void ends what there is at the time.
SELECT event.id
FROM student_course_event AS event
LEFT JOIN student_course_event AS before
    ON before.id = (
        SELECT max(id) FROM enrollment_event AS earlier
        WHERE earlier.student_id = event.student_id
            AND earlier.course_id = event.course_id
            AND earlier.id < event.id
            AND (
                coalesce(earlier.superseded_by > event.id, true)
                OR earlier.superseded_by = event.id AND event.to_status = 'void'
            )
    )
LEFT JOIN student_course_event AS previous
    ON previous.id = (
        SELECT max(id) FROM student_course_event AS earlier
        WHERE earlier.student_id = event.student_id
            AND earlier.course_id = event.course_id
            AND earlier.id < event.id
    )
WHERE event.from_status IS DISTINCT FROM before.to_status
    OR event.effective_at < before.effective_at AND 'void' NOT IN (event.from_status, event.to_status)
    OR event.recorded_at < previous.recorded_at
    OR (
        event.id > 1
        AND NOT EXISTS (SELECT 1 FROM student_course_event AS preceding WHERE preceding.id = event.id - 1)
    )
ORDER BY event.id
LIMIT :limit;

-- name: get_last_time()^
-- When was the latest event or change recorded? NULL: there is none.
SELECT max(recorded_at) AS recorded_at
FROM (
    SELECT max(recorded_at) AS recorded_at
    FROM student_course_event
    UNION ALL
    SELECT max(recorded_at)
    FROM record_change
) AS recorded;

-- name: list_unexplained_removals(limit)
-- Which records are gone, though no change says that they were removed? SQLite runs no trigger for a row that
-- INSERT OR REPLACE removes.
SELECT made.subject, made.subject_id AS id
FROM record_change AS made
WHERE made.part IS NULL
    AND made.before IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM record_change AS removed
        WHERE removed.subject_id = made.subject_id
            AND removed.subject = made.subject
            AND removed.part IS NULL
            AND removed.after IS NULL
    )
    AND NOT EXISTS (
        SELECT 1 FROM student WHERE made.subject = 'student' AND student.id = made.subject_id
        UNION ALL
        SELECT 1 FROM term WHERE made.subject = 'term' AND term.id = made.subject_id
        UNION ALL
        SELECT 1 FROM course WHERE made.subject = 'course' AND course.id = made.subject_id
        UNION ALL
        SELECT 1 FROM hold WHERE made.subject = 'hold' AND hold.id = made.subject_id
        UNION ALL
        SELECT 1 FROM token WHERE made.subject = 'token' AND token.id = made.subject_id
    )
ORDER BY made.subject, made.subject_id
LIMIT :limit;

-- name: list_search_mismatches(limit)
-- Which students and courses are found by other words than those of the record?
SELECT 'student' AS subject, student_id AS id
FROM (
    SELECT student_id, word FROM student_search EXCEPT SELECT student_id, word FROM student_word
) AS missing
UNION
SELECT 'student', student_id
FROM (
    SELECT student_id, word FROM student_word EXCEPT SELECT student_id, word FROM student_search
) AS wrong
UNION
SELECT 'course', course_id
FROM (
    SELECT course_id, word FROM course_search EXCEPT SELECT course_id, word FROM course_word
) AS missing
UNION
SELECT 'course', course_id
FROM (
    SELECT course_id, word FROM course_word EXCEPT SELECT course_id, word FROM course_search
) AS wrong
ORDER BY subject, id
LIMIT :limit;

-- name: list_applied()
-- Which migrations are applied?
SELECT migration_id
FROM _yoyo_migration
ORDER BY migration_id;

-- name: get_counts()^
-- How many rows has each table?
SELECT
    (SELECT count(*) FROM student) AS students,
    (SELECT count(*) FROM term) AS terms,
    (SELECT count(*) FROM course) AS courses,
    (SELECT count(*) FROM student_course) AS enrollments,
    (SELECT count(*) FROM student_course_event) AS events;

-- name: probe_write()!
-- Fail if the file is read-only. SQLite begins a write transaction on such a file all the same.
UPDATE student SET version = version WHERE false;
