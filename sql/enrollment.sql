-- name: get_enrollment(student_id, course_id)^
-- How does this student stand in this course?
SELECT student_id, course_id, status, position, enrolled_at, waitlisted_at, completed_at, dropped_at, version
FROM enrollment
WHERE student_id = :student_id AND course_id = :course_id;

-- name: list_enrollments(pairs)
-- How do these students stand in these courses? pairs is a JSON array of [student_id, course_id]; the rows are
-- in its order. The view would count a waitlist for each student on it; here each waitlist is numbered once.
WITH pair AS MATERIALIZED (
    SELECT key AS item, CAST(value ->> 0 AS bigint) AS student_id, CAST(value ->> 1 AS bigint) AS course_id
    FROM json_each(:pairs)
),

waitlisted AS MATERIALIZED (
    SELECT student_id, course_id,
        row_number() OVER (PARTITION BY course_id ORDER BY queue_number) AS position
    FROM student_course
    WHERE course_id IN (SELECT course_id FROM pair) AND status = 'waitlisted'
)

SELECT student_course.student_id, student_course.course_id, student_course.status, waitlisted.position,
    student_course.enrolled_at, student_course.waitlisted_at,
    student_course.completed_at, student_course.dropped_at, student_course.version
FROM pair
CROSS JOIN student_course
LEFT JOIN waitlisted
    ON waitlisted.student_id = pair.student_id AND waitlisted.course_id = pair.course_id
WHERE student_course.student_id = pair.student_id AND student_course.course_id = pair.course_id
ORDER BY pair.item;

-- name: insert_enrollments(enrollments, at, effective_at, actor, reason, overridden, override_reason)!
-- Enroll or waitlist each student, for the first time or again. enrollments is a JSON array of
-- [student_id, course_id, status]. An enrollment that has the status already does not change.
-- If the clock was set back, an enrollment begins when its last event took effect.
WITH listed AS MATERIALIZED (
    SELECT key AS item, CAST(value ->> 0 AS bigint) AS student_id, CAST(value ->> 1 AS bigint) AS course_id,
        value ->> 2 AS status
    FROM json_each(:enrollments)
),

new AS MATERIALIZED (
    SELECT item, student_id, course_id, status,
        coalesce(
            :effective_at,
            (
                SELECT CASE WHEN event.effective_at > :at THEN event.effective_at ELSE :at END
                FROM student_course_event AS event
                WHERE event.student_id = listed.student_id AND event.course_id = listed.course_id
                ORDER BY event.id DESC LIMIT 1
            ),
            :at
        ) AS since
    FROM listed
)

INSERT INTO student_course (
    student_id, course_id, status, enrolled_at, waitlisted_at,
    changed_at, effective_at, changed_by, change_reason, overridden
)
SELECT student_id, course_id, status,
    CASE status WHEN 'enrolled' THEN since END,
    CASE status WHEN 'waitlisted' THEN since END,
    :at, :effective_at, :actor, coalesce(:override_reason, :reason), :overridden
FROM new
WHERE true
ORDER BY item
ON CONFLICT (student_id, course_id) DO UPDATE
SET status = excluded.status,
    enrolled_at = coalesce(excluded.enrolled_at, student_course.enrolled_at),
    waitlisted_at = coalesce(excluded.waitlisted_at, student_course.waitlisted_at),
    changed_at = excluded.changed_at,
    effective_at = excluded.effective_at,
    changed_by = excluded.changed_by,
    change_reason = excluded.change_reason,
    overridden = excluded.overridden,
    version = student_course.version + 1
WHERE student_course.status <> excluded.status;

-- name: list_active_enrollments(student_id, course_ids, since)
-- In which courses is this student enrolled or waitlisted that are not among these? course_ids is a JSON array.
-- With a date since, courses of terms that ended before it are left out.
SELECT student_course.course_id, student_course.status
FROM student_course
JOIN course ON course.id = student_course.course_id
LEFT JOIN term ON term.code = course.term
WHERE student_course.student_id = :student_id
    AND student_course.status IN ('enrolled', 'waitlisted')
    AND student_course.course_id NOT IN (SELECT CAST(value AS bigint) FROM json_each(:course_ids))
    AND coalesce(term.end_on >= :since, true)
ORDER BY student_course.course_id;

-- name: list_broken_ending_rules(student_id, course_ids, status, effective_at)
-- Which rules would it break to complete or drop these enrollments? course_ids is a JSON array.
WITH listed AS (
    SELECT CAST(value AS bigint) AS course_id FROM json_each(:course_ids)
),

ending AS (
    SELECT listed.course_id, student_course.status,
        (
            SELECT effective_at FROM student_course_event
            WHERE student_id = :student_id AND course_id = listed.course_id
            ORDER BY id DESC LIMIT 1
        ) AS last_effective_at
    FROM listed
    LEFT JOIN student_course
        ON student_course.student_id = :student_id AND student_course.course_id = listed.course_id
)

SELECT '/status' AS pointer, 'not_enrolled' AS code,
    'The enrollment is ' || coalesce(status, 'not there') || ': only one that is enrolled can become '
        || :status || '.' AS detail,
    json_object('course_id', course_id, 'status', status) AS details
FROM ending
WHERE status IS DISTINCT FROM 'enrolled'
    AND (status IS DISTINCT FROM 'waitlisted' OR :status = 'completed')
UNION ALL
SELECT '/effective_at', 'effective_too_early',
    'What happened before in course ' || CAST(course_id AS text) || ' was at ' || last_effective_at || '.',
    json_object('course_id', course_id, 'last_effective_at', last_effective_at)
FROM ending
WHERE :effective_at < last_effective_at
ORDER BY pointer DESC, details;

-- name: update_enrollments(student_id, course_ids, status, at, effective_at, actor, reason, overridden, override_reason)!
-- Complete or drop the student's enrollments in these courses. course_ids is a JSON array.
-- If the clock was set back, an enrollment ends when it began.
UPDATE student_course
SET status = :status,
    completed_at = CASE
        WHEN :status <> 'completed' THEN completed_at
        WHEN :effective_at IS NOT NULL THEN :effective_at
        WHEN enrolled_at > :at THEN enrolled_at
        ELSE :at
    END,
    dropped_at = CASE
        WHEN :status <> 'dropped' THEN dropped_at
        WHEN :effective_at IS NOT NULL THEN :effective_at
        WHEN status = 'enrolled' AND enrolled_at > :at THEN enrolled_at
        WHEN status <> 'enrolled' AND waitlisted_at > :at THEN waitlisted_at
        ELSE :at
    END,
    changed_at = :at,
    effective_at = :effective_at,
    changed_by = :actor,
    change_reason = coalesce(:override_reason, :reason),
    overridden = :overridden,
    version = version + 1
WHERE student_id = :student_id
    AND course_id IN (SELECT CAST(value AS bigint) FROM json_each(:course_ids));
