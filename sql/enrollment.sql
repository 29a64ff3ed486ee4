-- name: get_enrollment(student_id, course_id)^
-- How does this student stand in this course?
SELECT student_id, course_id, status, position, enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade,
    instead_of, version
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
        row_number() OVER (PARTITION BY course_id ORDER BY queue_number, queue_fraction) AS position
    FROM student_course
    WHERE course_id IN (SELECT course_id FROM pair) AND status = 'waitlisted'
)

SELECT student_course.student_id, student_course.course_id, student_course.status, waitlisted.position,
    student_course.enrolled_at, student_course.waitlisted_at,
    student_course.completed_at, student_course.dropped_at, student_course.passed, student_course.grade,
    CASE WHEN student_course.status = 'waitlisted' THEN student_course.instead_of END AS instead_of,
    student_course.version
FROM pair
CROSS JOIN student_course
LEFT JOIN waitlisted
    ON waitlisted.student_id = pair.student_id AND waitlisted.course_id = pair.course_id
WHERE student_course.student_id = pair.student_id AND student_course.course_id = pair.course_id
ORDER BY pair.item;

-- name: insert_enrollments(enrollments, at, effective_at, actor, reason, override_reason)!
-- Enroll or waitlist each student, for the first time or again. enrollments is a JSON array of
-- [student_id, course_id, status, instead_of, overridden]. An enrollment that has the status already does not change.
-- If the clock was set back, an enrollment begins when its last event took effect.
WITH listed AS MATERIALIZED (
    SELECT key AS item, CAST(value ->> 0 AS bigint) AS student_id, CAST(value ->> 1 AS bigint) AS course_id,
        value ->> 2 AS status, CAST(value ->> 3 AS bigint) AS instead_of, value ->> 4 AS overridden
    FROM json_each(:enrollments)
),

new AS MATERIALIZED (
    SELECT item, student_id, course_id, status, instead_of, overridden,
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
    changed_at, effective_at, changed_by, change_reason, overridden, instead_of
)
SELECT student_id, course_id, status,
    CASE status WHEN 'enrolled' THEN since END,
    CASE status WHEN 'waitlisted' THEN since END,
    :at, :effective_at, :actor, coalesce(:override_reason, :reason), overridden, instead_of
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
    -- If a promotion is taken back, the student waits as before.
    instead_of = CASE
        WHEN excluded.status = 'waitlisted' THEN excluded.instead_of
        ELSE student_course.instead_of
    END,
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

-- name: list_broken_listing_rules(changes)
-- Which rules does a list of changes break by itself? No student may be in it twice (two who are enrolled are found
-- where students are enrolled), one whose enrollment ends must exist, and only a completion has an outcome. changes
-- is a JSON array of [student_id, course_id, status, passed, grade, names_grade].
WITH listed AS MATERIALIZED (
    SELECT key AS item, CAST(value ->> 0 AS bigint) AS student_id, CAST(value ->> 1 AS bigint) AS course_id,
        value ->> 2 AS status, value ->> 3 AS passed, CAST(value ->> 5 AS boolean) AS names_grade
    FROM json_each(:changes)
),

change AS MATERIALIZED (
    SELECT item, student_id, status, passed, names_grade,
        row_number() OVER (PARTITION BY student_id, course_id ORDER BY item) AS occurrence,
        count(*) FILTER (WHERE status <> 'enrolled') OVER (
            PARTITION BY student_id, course_id ORDER BY item ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS endings
    FROM listed
)

SELECT item, '/student_id' AS pointer, 'duplicate_student' AS code,
    'The student is named before.' AS detail,
    json_object('student_id', student_id) AS details
FROM change
WHERE occurrence > 1 AND endings > 0
UNION ALL
SELECT item, '/student_id', 'unknown_student',
    'There is no student ' || CAST(student_id AS text) || '.',
    json_object('student_id', student_id)
FROM change
WHERE +occurrence = 1
    AND status <> 'enrolled'
    AND NOT EXISTS (SELECT 1 FROM student WHERE id = change.student_id)
UNION ALL
SELECT item, '/passed', 'outcome_without_completion',
    'Only a completion has an outcome, not the status ' || status || '.',
    json_object('status', status)
FROM change
WHERE status <> 'completed' AND passed IS NOT NULL
UNION ALL
SELECT item, '/grade', 'outcome_without_completion',
    'Only a completion has an outcome, not the status ' || status || '.',
    json_object('status', status)
FROM change
WHERE status <> 'completed' AND names_grade
ORDER BY item, pointer;

-- name: list_unsaid_corrections(changes, effective_at)
-- Which changes name another time or outcome than the one on record for the status that the enrollment has already?
-- changes is as above; item is the index in it.
WITH recorded AS MATERIALIZED (
    SELECT listed.key AS item, listed.value ->> 3 IS NOT NULL AS names_passed,
        CAST(listed.value ->> 3 AS boolean) AS new_passed,
        CAST(listed.value ->> 5 AS boolean) AS names_grade, listed.value ->> 4 AS new_grade,
        enrollment.status, enrollment.passed, enrollment.grade,
        CASE enrollment.status
            WHEN 'enrolled' THEN enrollment.enrolled_at
            WHEN 'completed' THEN enrollment.completed_at
            WHEN 'dropped' THEN enrollment.dropped_at
        END AS since
    FROM json_each(:changes) AS listed
    CROSS JOIN enrollment
    WHERE enrollment.student_id = CAST(listed.value ->> 0 AS bigint)
        AND enrollment.course_id = CAST(listed.value ->> 1 AS bigint)
        AND enrollment.status = listed.value ->> 2
)

SELECT item, '/effective_at' AS pointer, 'correction_required' AS code,
    'The status on record is ' || status || ', since ' || since || '.' AS detail,
    json_object('status', status, 'effective_at', since) AS details
FROM recorded
WHERE :effective_at <> since
UNION ALL
SELECT item, '/passed', 'correction_required',
    'It is on record that the student has ' || CASE WHEN passed THEN 'passed.' ELSE 'not passed.' END,
    json_object('status', status, 'passed', CASE WHEN passed THEN 1 ELSE 0 END)
FROM recorded
WHERE names_passed AND new_passed <> passed
UNION ALL
SELECT item, '/grade', 'correction_required',
    CASE WHEN grade IS NULL THEN 'No grade is on record.' ELSE 'The grade on record is ' || grade || '.' END,
    json_object('status', status, 'grade', grade)
FROM recorded
WHERE names_grade AND new_grade IS DISTINCT FROM grade
ORDER BY item, pointer;

-- name: list_broken_ending_rules(changes, effective_at, at, today, by_student)
-- Which rules would it break to complete or drop these enrollments? changes is as above; item is the index in it.
-- Other statuses are left out. at is the current time and today the date at the school; by_student says whether
-- students do it themselves.
WITH listed AS MATERIALIZED (
    SELECT key AS item, CAST(value ->> 0 AS bigint) AS student_id, CAST(value ->> 1 AS bigint) AS course_id,
        value ->> 2 AS status
    FROM json_each(:changes)
),

ending AS MATERIALIZED (
    SELECT listed.item, listed.course_id, listed.status AS next_status, enrollment.status,
        (
            SELECT effective_at FROM student_course_event
            WHERE student_id = listed.student_id AND course_id = listed.course_id
            ORDER BY id DESC LIMIT 1
        ) AS last_effective_at
    FROM listed
    LEFT JOIN enrollment
        ON enrollment.student_id = listed.student_id AND enrollment.course_id = listed.course_id
    WHERE listed.status IN ('completed', 'dropped') AND enrollment.status IS DISTINCT FROM listed.status
)

SELECT item, '/status' AS pointer, 'not_enrolled' AS code,
    'The enrollment is ' || coalesce(status, 'not there') || ': only one that is enrolled can become '
        || next_status || '.' AS detail,
    json_object('course_id', course_id, 'status', status) AS details
FROM ending
WHERE status IS DISTINCT FROM 'enrolled'
    AND (status IS DISTINCT FROM 'waitlisted' OR next_status = 'completed')
UNION ALL
SELECT item, '/effective_at', 'effective_too_early',
    'The change before in ' || course.label || ' took effect at ' || last_effective_at || '. This one cannot be earlier.',
    json_object('course_id', course_id, 'last_effective_at', last_effective_at)
FROM ending
JOIN course ON course.id = ending.course_id
WHERE :effective_at < last_effective_at AND ending.status IS NOT NULL
UNION ALL
SELECT ending.item, '/status', 'drop_closed',
-- include: drop_closed.sql
FROM ending
JOIN course ON course.id = ending.course_id
LEFT JOIN term ON term.code = course.term
WHERE :by_student
    AND ending.next_status = 'dropped'
    -- A waitlist can always be left.
    AND ending.status = 'enrolled'
-- include: drop_is_over.sql
ORDER BY pointer DESC, item;

-- name: list_broken_swap_rules(student_id, course_id, effective_at, at, today, by_student)
-- Which rules would it break to give this enrollment up for another? at is the current time and today the date at the
-- school; by_student says whether students do it themselves.
SELECT '/instead_of' AS pointer, 'nothing_to_swap' AS code,
    'The student is not enrolled in '
        || coalesce((SELECT label FROM course WHERE id = :course_id), 'course ' || CAST(:course_id AS text))
        || ', which is to be given up.' AS detail,
    json_object('course_id', :course_id) AS details
WHERE NOT EXISTS (
        SELECT 1 FROM enrollment
        WHERE student_id = :student_id AND course_id = :course_id AND status = 'enrolled'
    )
UNION ALL
SELECT '/effective_at', 'effective_too_early',
    'The change before in ' || course.label || ' took effect at ' || last.effective_at || '. This one cannot be earlier.',
    json_object('course_id', :course_id, 'last_effective_at', last.effective_at)
FROM course
CROSS JOIN (
    SELECT effective_at FROM student_course_event
    WHERE student_id = :student_id AND course_id = :course_id
    ORDER BY id DESC LIMIT 1
) AS last
WHERE course.id = :course_id AND :effective_at < last.effective_at
UNION ALL
SELECT '/instead_of', 'drop_closed',
-- include: drop_closed.sql
FROM course
LEFT JOIN term ON term.code = course.term
WHERE course.id = :course_id
    AND :by_student
-- include: drop_is_over.sql
ORDER BY pointer, code;

-- name: update_enrollments(pairs, status, passed, grade, at, effective_at, actor, reason, overridden, override_reason)!
-- Complete or drop enrollments. pairs is a JSON array of [student_id, course_id]; an enrollment that has the status
-- already does not change. If the clock was set back, an enrollment ends when it began. Sorted pairs have their events
-- in this order on PostgreSQL too.
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
    passed = CASE WHEN :status = 'completed' THEN :passed ELSE passed END,
    grade = CASE WHEN :status = 'completed' THEN :grade ELSE grade END,
    changed_at = :at,
    effective_at = :effective_at,
    changed_by = :actor,
    change_reason = coalesce(:override_reason, :reason),
    overridden = :overridden,
    version = version + 1
WHERE (student_id, course_id) IN (
        SELECT DISTINCT CAST(value ->> 0 AS bigint), CAST(value ->> 1 AS bigint) FROM json_each(:pairs) ORDER BY 1, 2
    )
    AND status <> :status;

-- name: list_broken_void_rules(student_id, course_id, reason, effective_at, today)
-- Which rules would it break to make this enrollment void? One that is void already breaks none.
SELECT '/reason' AS pointer, 'reason_required' AS code,
    'A void needs a reason.' AS detail,
    json_object('status', 'void') AS details
WHERE :reason IS NULL
UNION ALL
SELECT '/effective_at', 'void_has_no_time',
    'A void enrollment never was: it has no `effective_at`.',
    json_object('effective_at', :effective_at)
WHERE :effective_at IS NOT NULL
UNION ALL
SELECT '/status', 'not_enrolled',
    'The student has never been in ' || label || '.',
    json_object('course_id', :course_id, 'status', NULL)
FROM course
WHERE id = :course_id AND NOT EXISTS (
    SELECT 1 FROM student_course WHERE student_id = :student_id AND course_id = :course_id
)
UNION ALL
SELECT '/status', 'enrollment_completed',
    'The student completed ' || course.label || ' at ' || student_course.completed_at || '.',
    json_object('course', course.label, 'completed_at', student_course.completed_at)
FROM student_course
JOIN course ON course.id = student_course.course_id
WHERE student_course.student_id = :student_id
    AND student_course.course_id = :course_id
    AND student_course.completed_at IS NOT NULL
UNION ALL
SELECT '/status', 'void_too_late',
    'The term of ' || course.label || ' ended on ' || term.end_on || '.',
    json_object('course', course.label, 'end_on', term.end_on)
FROM student_course
JOIN course ON course.id = student_course.course_id
JOIN term ON term.code = course.term
WHERE student_course.student_id = :student_id
    AND student_course.course_id = :course_id
    AND student_course.status <> 'void'
    AND term.end_on < :today
ORDER BY pointer, code;

-- name: update_enrollments_void(pairs, at, actor, reason)!
-- Make enrollments void. pairs is a JSON array of [student_id, course_id]; one that is void already does not change.
-- It is sorted for the order of the events.
UPDATE student_course
SET status = 'void',
    enrolled_at = NULL,
    waitlisted_at = NULL,
    completed_at = NULL,
    dropped_at = NULL,
    changed_at = :at,
    effective_at = NULL,
    changed_by = :actor,
    change_reason = :reason,
    overridden = NULL,
    place_of = NULL,
    instead_of = NULL,
    version = version + 1
WHERE (student_id, course_id) IN (
        SELECT DISTINCT CAST(value ->> 0 AS bigint), CAST(value ->> 1 AS bigint) FROM json_each(:pairs) ORDER BY 1, 2
    )
    AND status <> 'void';

-- name: get_void_enrollment(student_id, course_id)^
-- Which is this student's void enrollment in this course? No other query shows one.
SELECT student_id, course_id, status, NULL AS position, enrolled_at, waitlisted_at, completed_at, dropped_at,
    passed, grade, NULL AS instead_of, version
FROM student_course
WHERE student_id = :student_id AND course_id = :course_id AND status = 'void';
