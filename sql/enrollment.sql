-- name: get_enrollment(student_id, course_id)^
-- How does this student stand in this course?
SELECT student_id, course_id, status, position, enrolled_at, waitlisted_at, completed_at, dropped_at, version
FROM enrollment
WHERE student_id = :student_id AND course_id = :course_id;

-- name: list_enrollments(pairs)
-- The same of many at once, in their order. pairs is a JSON array of [student_id, course_id].
WITH pair AS MATERIALIZED (
    SELECT key AS item, value ->> 0 AS student_id, value ->> 1 AS course_id FROM json_each(:pairs)
),

waiting AS MATERIALIZED (
    SELECT student_id, course_id,
        row_number() OVER (PARTITION BY course_id ORDER BY queue_number) AS position
    FROM student_course
    WHERE course_id IN (SELECT course_id FROM pair) AND status = 'waitlisted'
)

SELECT student_course.student_id, student_course.course_id, student_course.status, waiting.position,
    student_course.enrolled_at, student_course.waitlisted_at,
    student_course.completed_at, student_course.dropped_at, student_course.version
FROM pair
CROSS JOIN student_course
    ON student_course.student_id = pair.student_id AND student_course.course_id = pair.course_id
LEFT JOIN waiting
    ON waiting.student_id = pair.student_id AND waiting.course_id = pair.course_id
ORDER BY pair.item;

-- name: insert_enrollments(enrollments, at, effective_at, actor, reason, overridden, override_reason)!
-- Enrol each student, or put them on the waitlist, for the first time or again. enrollments is a JSON
-- array of [student_id, course_id, status]. Who stands there already is left as they are.
-- If the clock was set back, they begin when what was before began.
WITH new AS MATERIALIZED (
    SELECT key AS item, value ->> 0 AS student_id, value ->> 1 AS course_id, value ->> 2 AS status,
        coalesce(
            :effective_at,
            (
                SELECT max(:at, effective_at) FROM student_course_event
                WHERE student_id = value ->> 0 AND course_id = value ->> 1
                ORDER BY id DESC LIMIT 1
            ),
            :at
        ) AS since
    FROM json_each(:enrollments)
)

INSERT INTO student_course (
    student_id, course_id, status, enrolled_at, waitlisted_at,
    changed_at, effective_at, changed_by, change_reason, overridden
)
SELECT student_id, course_id, status,
    iif(status = 'enrolled', since, NULL),
    iif(status = 'waitlisted', since, NULL),
    :at, :effective_at, :actor, coalesce(:override_reason, :reason), :overridden
FROM new
WHERE true
ORDER BY item
ON CONFLICT (student_id, course_id) DO UPDATE
SET status = excluded.status,
    enrolled_at = coalesce(excluded.enrolled_at, enrolled_at),
    waitlisted_at = coalesce(excluded.waitlisted_at, waitlisted_at),
    changed_at = excluded.changed_at,
    effective_at = excluded.effective_at,
    changed_by = excluded.changed_by,
    change_reason = excluded.change_reason,
    overridden = excluded.overridden,
    version = version + 1
WHERE status <> excluded.status;

-- name: list_active_enrollments(student_id, course_ids)
-- In which courses is this student, or waits for, that are not among these? course_ids is a JSON array.
SELECT course_id, status
FROM student_course
WHERE student_id = :student_id
    AND status IN ('enrolled', 'waitlisted')
    AND course_id NOT IN (SELECT value FROM json_each(:course_ids))
ORDER BY course_id;

-- name: list_broken_ending_rules(student_id, course_ids, status, effective_at)
-- What speaks against completing or dropping these enrolments? course_ids is a JSON array.
WITH ending AS (
    SELECT wanted.value AS course_id, student_course.status,
        (
            SELECT effective_at FROM student_course_event
            WHERE student_id = :student_id AND course_id = wanted.value
            ORDER BY id DESC LIMIT 1
        ) AS last_effective_at
    FROM json_each(:course_ids) AS wanted
    LEFT JOIN student_course
        ON student_course.student_id = :student_id AND student_course.course_id = wanted.value
)

SELECT '/status' AS pointer, 'not_enrolled' AS code,
    format(
        'The enrolment is %s: only one that is enrolled can become %s.', coalesce(status, 'not there'), :status
    ) AS detail,
    json_object('course_id', course_id, 'status', status) AS details
FROM ending
WHERE status IS NOT 'enrolled' AND (status IS NOT 'waitlisted' OR :status = 'completed')
UNION ALL
SELECT '/effective_at', 'effective_too_early',
    format('What happened before in course %d was at %s.', course_id, last_effective_at),
    json_object('course_id', course_id, 'last_effective_at', last_effective_at)
FROM ending
WHERE :effective_at < last_effective_at
ORDER BY pointer DESC, details;

-- name: update_enrollments(student_id, course_ids, status, at, effective_at, actor, reason)!
-- End the student's enrolments in these courses: completed or dropped. course_ids is a JSON array.
-- If the clock was set back, they end when they began.
UPDATE student_course
SET status = :status,
    completed_at = iif(
        :status = 'completed',
        coalesce(:effective_at, max(:at, coalesce(enrolled_at, ''))),
        completed_at
    ),
    dropped_at = iif(
        :status = 'dropped',
        coalesce(
            :effective_at,
            max(:at, coalesce(iif(status = 'enrolled', enrolled_at, waitlisted_at), ''))
        ),
        dropped_at
    ),
    changed_at = :at,
    effective_at = :effective_at,
    changed_by = :actor,
    change_reason = :reason,
    overridden = NULL,
    version = version + 1
WHERE student_id = :student_id AND course_id IN (SELECT value FROM json_each(:course_ids));
