-- The rules of enrollment: each branch returns the items that break its rule, with the code of the rule, a sentence
-- and its figures. eligibility.sql includes these branches as `violation`; docs/contributing.md shows how to add one.
-- The rules of full courses are not here: eligibility.sql counts the seats after these.
--
-- Most rules read `candidate`, which has these columns:
--
--     item                       the index in requests
--     student_id, student_status
--     max_credits                NULL: neither the student nor the term has a limit
--     course_id, course          the id and the label of the course, such as ENG101-02
--     code                       its code, which other sections of the course have too
--     course_status, credits
--     open_to                    a JSON array of the groups to which the course is open; [] means everyone
--     repeatable                 1: a student who has completed the course may take it again; 0: not
--     term, start_on, end_on     NULL: the course has no term
--     enroll_from, enroll_until  those of the course, else of the term; NULL: the window has no start, no end
--     instead_of                 the course that the student gives up for the seat; NULL: none
--     last_effective_at          NULL: effective_at is NULL, or the enrollment has no event yet, or is void
--     alone                      whether the other items are decided as if this one were not in the request
--     waits                      whether the student will be waitlisted, and so does not take the course yet
--
-- A comparison with NULL is not true, so a rule that compares a column is broken only where there is a value.
SELECT item, 'duplicate_course' AS code,
    coalesce(course, 'Course ' || CAST(course_id AS text)) || ' is listed twice.' AS detail,
    json_object('course_id', course_id) AS details
FROM request
WHERE occurrence > 1 AND NOT :lists_students

UNION ALL
SELECT item, 'duplicate_student',
    'The student is listed twice.',
    json_object('student_id', student_id)
FROM request
WHERE occurrence > 1 AND :lists_students

UNION ALL
SELECT item, 'unknown_course',
    'There is no course ' || CAST(course_id AS text) || '.',
    json_object('course_id', course_id)
FROM request
WHERE course IS NULL

UNION ALL
SELECT item, 'unknown_student',
    'There is no student ' || CAST(student_id AS text) || '.',
    json_object('student_id', student_id)
FROM request
WHERE student_status IS NULL

UNION ALL
SELECT item, 'already_enrolled',
    'The student is enrolled in ' || course || ' already.',
    json_object('course', course)
FROM request
WHERE is_satisfied AND NOT allow_existing AND occurrence <= 1 AND coalesce(present_status, '') = 'enrolled'

UNION ALL
SELECT item, 'already_waitlisted',
    'The student waits for ' || course || ' already.',
    json_object('course', course)
FROM request
WHERE is_satisfied AND NOT allow_existing AND occurrence <= 1 AND coalesce(present_status, '') = 'waitlisted'

UNION ALL
SELECT item, 'effective_too_early',
    'The change before in ' || course || ' took effect at ' || last_effective_at || '. This one cannot be earlier.',
    json_object('course_id', course_id, 'last_effective_at', last_effective_at)
FROM candidate
WHERE :effective_at < last_effective_at

UNION ALL
SELECT item, 'already_completed',
    'The student has completed ' || completed || CASE
        WHEN completed = code THEN ', and it is not repeatable.'
        ELSE '. ' || code || ' counts as the same course, and is not repeatable.'
    END,
    json_object('course', code, 'completed', completed)
FROM (
    SELECT candidate.item, candidate.code,
        (
            SELECT min(done.code)
            FROM student_course
            CROSS JOIN course AS done
            WHERE student_course.student_id = candidate.student_id
                AND student_course.passed_at IS NOT NULL
                AND done.id = student_course.course_id
                -- Either course has the code of the other. That both count as a third is no reason.
                AND (
                    EXISTS (SELECT 1 FROM course_code WHERE course_id = candidate.course_id AND code = done.code)
                    OR EXISTS (SELECT 1 FROM course_code WHERE course_id = done.id AND code = candidate.code)
                )
        ) AS completed
    FROM candidate
    WHERE NOT candidate.repeatable
        -- Most students have passed nothing that has a code of the course.
        AND EXISTS (
            SELECT 1
            FROM passed_code
            CROSS JOIN course_code AS own
            WHERE passed_code.student_id = candidate.student_id
                AND own.course_id = candidate.course_id
                AND own.code = passed_code.code
        )
) AS repeated
WHERE completed IS NOT NULL

UNION ALL
SELECT candidate.item, 'another_section',
    candidate.course || CASE WHEN other.code = candidate.code THEN ' is' ELSE ' counts as' END
        || ' the same course as ' || schedule.course || ', which the student takes.',
    json_object(
        'course', candidate.course,
        'conflicts_with', schedule.course,
        'conflicting_course_id', schedule.course_id
    )
FROM candidate
CROSS JOIN schedule
CROSS JOIN course AS other
WHERE schedule.student_id = candidate.student_id
    AND schedule.course_id <> candidate.course_id
    AND schedule.term IS NOT DISTINCT FROM candidate.term
    AND other.id = schedule.course_id
    -- Either course has the code of the other: as its own, or because it counts as it.
    AND (
        EXISTS (SELECT 1 FROM course_code WHERE course_id = candidate.course_id AND code = other.code)
        OR EXISTS (SELECT 1 FROM course_code WHERE course_id = schedule.course_id AND code = candidate.code)
    )
    AND NOT candidate.waits

UNION ALL
SELECT candidate.item, 'student_inactive',
    'The student is ' || candidate.student_status || '.',
    json_object('student_id', candidate.student_id, 'status', candidate.student_status)
FROM candidate
WHERE candidate.student_status <> 'active'
    AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.student_id = candidate.student_id)

UNION ALL
SELECT candidate.item, 'student_erased',
    'Student ' || CAST(candidate.student_id AS text) || ' was erased.',
    json_object('student_id', candidate.student_id)
FROM candidate
JOIN erasure ON erasure.student_id = candidate.student_id
-- An erased student stays inactive, so there is nothing to look up for others.
WHERE candidate.student_status <> 'active'

UNION ALL
SELECT candidate.item, 'student_on_hold',
    'The student is on hold: ' || hold.reason,
    json_object('hold_id', hold.id, 'reason', hold.reason, 'placed_at', hold.placed_at)
FROM candidate
JOIN hold ON hold.student_id = candidate.student_id AND hold.released_at IS NULL

UNION ALL
SELECT item, 'course_not_open',
    course || ' is ' || course_status || '.',
    json_object('course', course, 'status', course_status)
FROM candidate
-- A closed course keeps its students.
WHERE course_status = 'cancelled' OR course_status = 'closed' AND NOT :recheck

UNION ALL
SELECT item, 'group_required',
    course || ' is open only to students in: '
        || replace(replace(replace(open_to, '["', ''), '"]', ''), '","', ', ') || '.',
    json_object('course', course, 'open_to', json(open_to))
FROM candidate
WHERE open_to <> '[]'
    AND NOT EXISTS (
        SELECT 1 FROM admission
        WHERE admission.course_id = candidate.course_id AND admission.student_id = candidate.student_id
    )

UNION ALL
SELECT item, 'window_not_open',
    'Enrollment in ' || course || ' opens at ' || opens_at || '.',
    json_object('course', course, 'enroll_from', opens_at)
FROM (
    SELECT item, course,
        coalesce(
            (
                SELECT min(early.enroll_from) FROM early_admission AS early
                WHERE early.course_id = candidate.course_id AND early.student_id = candidate.student_id
            ),
            enroll_from
        ) AS opens_at
    FROM candidate
    WHERE :now < enroll_from
) AS not_open
WHERE :now < opens_at

UNION ALL
SELECT item, 'window_closed',
    'Enrollment in ' || course || ' closed at ' || enroll_until || '.',
    json_object('course', course, 'enroll_until', enroll_until)
FROM candidate
WHERE :now >= enroll_until

UNION ALL
SELECT item, 'term_ended',
    'The term of ' || course || ', ' || term || ', ended on ' || end_on || '.',
    json_object('course', course, 'term', term, 'end_on', end_on)
FROM candidate
-- A window that is still open lets students enroll late.
WHERE end_on < :today AND coalesce(enroll_until <= :now, true)

UNION ALL
SELECT item, CASE kind WHEN 'corequisite' THEN 'corequisite_missing' ELSE 'prerequisite_missing' END,
    CASE kind
        WHEN 'prerequisite' THEN course || ' needs ' || named || ' completed before.'
        WHEN 'concurrent' THEN course || ' needs ' || named || ' completed before, or taken with it.'
        ELSE course || ' is taken together with ' || named || '.'
    END,
    CASE choice
        WHEN 0 THEN json_object('course', course, 'requires', code)
        ELSE json_object('course', course, 'requires_any_of', json(codes))
    END
FROM (
    SELECT item, course, kind, choice, code, codes,
        CASE choice
            WHEN 0 THEN code
            ELSE 'one of ' || replace(replace(replace(CAST(codes AS text), '["', ''), '"]', ''), '","', ', ')
        END AS named
    FROM unmet_requirement
) AS unmet

UNION ALL
SELECT candidate.item, 'time_conflict',
    candidate.course || ' meets at the same time as ' || schedule.course || '.',
    json_object(
        'course', candidate.course,
        'conflicts_with', schedule.course,
        'conflicting_course_id', schedule.course_id,
        'meetings', count(*)
    )
FROM candidate
CROSS JOIN schedule
CROSS JOIN meeting_conflict
WHERE schedule.student_id = candidate.student_id
    AND schedule.course_id <> candidate.course_id
    AND candidate.course_status <> 'cancelled'
    AND meeting_conflict.course_id = candidate.course_id
    AND meeting_conflict.other_course_id = schedule.course_id
GROUP BY candidate.item, candidate.course, schedule.course_id, schedule.course

UNION ALL
SELECT item, 'credit_limit',
    -- 22.0 is printed as 22.
    'With ' || course || ' the student takes ' || trim(replace(CAST(total AS text) || ' ', '.0 ', ''))
        || CASE total WHEN 1 THEN ' credit' ELSE ' credits' END
        || CASE max_credits
            WHEN 0 THEN ', and may take none.'
            ELSE ' of at most ' || trim(replace(CAST(max_credits AS text) || ' ', '.0 ', '')) || '.'
        END,
    json_object('course', course, 'credits', total, 'max_credits', max_credits)
FROM (
    SELECT candidate.item, candidate.course, candidate.credits, candidate.max_credits,
        -- Credits have three decimals; a sum of them can have more (0.1 + 0.2).
        CAST(
            round(CAST(coalesce(sum(schedule.credits), 0.0) + candidate.credits AS numeric), 3) AS double precision
        ) AS total
    FROM candidate
    LEFT JOIN schedule
        ON schedule.student_id = candidate.student_id
        AND schedule.course_id <> candidate.course_id
        AND schedule.term IS NOT DISTINCT FROM candidate.term
    GROUP BY candidate.item, candidate.course, candidate.credits, candidate.max_credits
) AS credit_load
WHERE total > max_credits AND credits > 0
