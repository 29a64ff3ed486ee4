-- name: list_latest_changes(student_id, course_id)
-- Which are the latest change of this enrollment that stands, and the one before it? A void is no change to go on
-- from, and what leaves the status as it was is none. The outcome of the latest is the one that is on record now.
-- was_enrolled is whether the change made the student enrolled, as it is or before it was corrected.
SELECT latest.id, latest.to_status AS status, latest.effective_at,
    CASE WHEN latest.nth = 1 AND latest.to_status = 'completed' THEN enrollment.passed ELSE latest.passed END AS passed,
    CASE WHEN latest.nth = 1 AND latest.to_status = 'completed' THEN enrollment.grade ELSE latest.grade END AS grade,
    EXISTS (
        WITH RECURSIVE origin (id) AS (
            SELECT latest.id
            UNION
            SELECT coalesce(event.restores, event.corrects)
            FROM origin
            CROSS JOIN student_course_event AS event
            WHERE event.id = origin.id AND event.corrects IS NOT NULL
        )

        SELECT 1
        FROM origin
        JOIN student_course_event AS event ON event.id = origin.id
        WHERE event.to_status = 'enrolled'
    ) AS was_enrolled
FROM (
    SELECT id, student_id, course_id, to_status, effective_at, passed, grade,
        row_number() OVER (ORDER BY id DESC) AS nth
    FROM enrollment_event
    WHERE student_id = :student_id
        AND course_id = :course_id
        AND superseded_by IS NULL
        AND to_status <> 'void'
        AND from_status IS DISTINCT FROM to_status
) AS latest
JOIN enrollment ON enrollment.student_id = latest.student_id AND enrollment.course_id = latest.course_id
WHERE latest.nth <= 2
ORDER BY latest.nth;

-- name: list_broken_correction_rules(student_id, course_id, status, effective_at, passed, grade, names_grade, before_status, before_effective_at, before_passed, before_grade, restores, was_enrolled, reason, seat_pointer)
-- Which rules would it break to give this enrollment this status in the place of its latest change? before_... are the
-- values of the change before that one. restores is NULL unless they hold again; seat_pointer is where the request asks
-- for a seat. A correction takes a seat if one is free; no other rule of enrolling is checked, since the student was
-- enrolled by this change or the one before it.
SELECT '/reason' AS pointer, 'reason_required' AS code,
    'A correction needs a reason.' AS detail,
    json_object('status', :status) AS details
WHERE :reason IS NULL
UNION ALL
SELECT '/status', 'not_enrolled',
    'Before its latest change the enrollment was ' || coalesce(:before_status, 'not there')
        || ': it cannot have become ' || :status || ' then.',
    json_object('course_id', :course_id, 'status', :before_status)
WHERE :restores IS NULL
    AND (
        :status = 'completed' AND coalesce(:before_status, '') <> 'enrolled'
        OR :status = 'dropped' AND coalesce(:before_status, '') NOT IN ('enrolled', 'waitlisted')
    )
UNION ALL
SELECT '/status', 'was_not_enrolled',
    'The latest change in ' || label || ' gave the student no seat, so a correction cannot give one.',
    json_object('course_id', :course_id)
FROM course
WHERE id = :course_id AND :restores IS NULL AND :status = 'enrolled' AND NOT :was_enrolled
UNION ALL
SELECT '/effective_at', 'effective_too_early',
    'The change before in ' || label || ' took effect at ' || :before_effective_at || '. This one cannot be earlier.',
    json_object('course_id', :course_id, 'last_effective_at', :before_effective_at)
FROM course
WHERE id = :course_id AND :restores IS NULL AND :effective_at < :before_effective_at
UNION ALL
SELECT '/effective_at', 'correction_required',
    'To take the latest change back leaves the enrollment ' || :status || ' since ' || :before_effective_at || '.',
    json_object('status', :status, 'effective_at', :before_effective_at)
WHERE :restores IS NOT NULL AND :effective_at <> :before_effective_at
UNION ALL
SELECT '/passed', 'correction_required',
    'To take the latest change back leaves the outcome as it was.',
    json_object('status', :status, 'passed', CASE WHEN :before_passed THEN 1 ELSE 0 END)
WHERE :restores IS NOT NULL AND :passed <> :before_passed
UNION ALL
SELECT '/grade', 'correction_required',
    'To take the latest change back leaves the outcome as it was.',
    json_object('status', :status, 'grade', :before_grade)
WHERE :restores IS NOT NULL AND :names_grade AND :grade IS DISTINCT FROM :before_grade
UNION ALL
SELECT :seat_pointer, 'course_full',
-- include: course_full.sql
FROM enrollment
JOIN course ON course.id = enrollment.course_id
JOIN course_seat ON course_seat.course_id = course.id
WHERE enrollment.student_id = :student_id
    AND enrollment.course_id = :course_id
    AND enrollment.status <> 'enrolled'
    AND :status = 'enrolled'
    AND course_seat.enrolled >= course.capacity
UNION ALL
SELECT :seat_pointer, 'waitlist_full',
    'No seat of ' || course.label || ' is free, and ' || CASE course.waitlist_capacity
        WHEN 0 THEN 'no one can join the waitlist.'
        ELSE 'the waitlist is full: ' || CAST(course_seat.waitlisted AS text) || ' of '
            || CAST(course.waitlist_capacity AS text) || ' taken.'
    END,
    json_object(
        'course', course.label,
        'waitlist_capacity', course.waitlist_capacity,
        'waitlisted', course_seat.waitlisted
    )
FROM enrollment
JOIN course ON course.id = enrollment.course_id
JOIN course_seat ON course_seat.course_id = course.id
WHERE enrollment.student_id = :student_id
    AND enrollment.course_id = :course_id
    AND enrollment.status <> 'waitlisted'
    AND :status = 'waitlisted'
    AND course_seat.waitlisted >= course.waitlist_capacity
ORDER BY pointer DESC, code;

-- name: list_broken_latest_rules(student_id, course_id)
-- Which rule would it break to correct this enrollment, whatever the correction is?
SELECT '' AS pointer, 'nothing_to_correct' AS code,
    'The student is not in ' || label || ', so there is no change to correct.' AS detail,
    json_object('course_id', :course_id) AS details
FROM course
WHERE id = :course_id AND NOT EXISTS (
    SELECT 1 FROM enrollment WHERE student_id = :student_id AND course_id = :course_id
);

-- name: update_enrollment_corrected(student_id, course_id, status, since, passed, grade, corrects, restores, at, actor, reason, overridden)!
-- Put this state in the place of the latest change of an enrollment. A trigger sets the other times and the outcome
-- to those that stand then. If the clock was set back, the correction is as late as the event before it.
UPDATE student_course
SET status = :status,
    enrolled_at = CASE WHEN :status = 'enrolled' THEN :since ELSE enrolled_at END,
    waitlisted_at = CASE WHEN :status = 'waitlisted' THEN :since ELSE waitlisted_at END,
    completed_at = CASE WHEN :status = 'completed' THEN :since ELSE completed_at END,
    dropped_at = CASE WHEN :status = 'dropped' THEN :since ELSE dropped_at END,
    passed = :passed,
    grade = :grade,
    changed_at = coalesce(
        (
            SELECT max(recorded_at) FROM student_course_event
            WHERE student_id = :student_id AND course_id = :course_id AND recorded_at > :at
        ),
        :at
    ),
    effective_at = :since,
    changed_by = :actor,
    change_reason = :reason,
    overridden = :overridden,
    corrects = :corrects,
    restores = :restores,
    version = version + 1
WHERE student_id = :student_id AND course_id = :course_id;
