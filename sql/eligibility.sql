-- name: list_decisions(wanted, purpose, given_up, overridden, effective_at, now)
-- What becomes of each wanted enrolment: its outcome, "enrolled" or "waitlisted" (a row without a code),
-- or which rules does it break (a row for each, with its code, a sentence and its figures)?
--
-- wanted       a JSON array of [student_id, course_id, whether to wait if the course is full, whether to be
--              there already is no fault], which are judged together: they bear on each other
-- purpose      'enroll' one student in courses; 'fill' one course with students; 'promote' those who wait;
--              'browse' courses for one student, each of which is judged by itself: those that the student
--              could be enrolled in are returned, and no reasons
-- given_up     a JSON array of the ids of the courses that the same request drops
-- overridden   a JSON array of the codes of the rules that are set aside
-- effective_at null; or since when the enrolments are true
-- now          the moment that windows are held against
--
-- `fact` gathers what the rules look at, one row for each wanted enrolment; `new` are those that are to
-- be judged. A rule is one branch of `broken`: its place in the answer, its code, a sentence, its
-- figures, and when it is broken. What nothing speaks against stands in `line` for the seats. A plus
-- before a column keeps SQLite from building an index to read a few rows once
-- (https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_).
WITH wanted AS MATERIALIZED (
    SELECT key AS item, value ->> 0 AS student_id, value ->> 1 AS course_id, value ->> 2 AS waitlist,
        value ->> 3 AS kept
    FROM json_each(:wanted)
),

seat AS MATERIALIZED (
    SELECT course_id, enrolled, waitlisted
    FROM course_seat
    WHERE course_id IN (SELECT course_id FROM wanted)
),

fact AS MATERIALIZED (
    SELECT
        wanted.item,
        wanted.student_id,
        wanted.course_id,
        wanted.waitlist,
        wanted.kept,
        row_number() OVER (PARTITION BY wanted.student_id, wanted.course_id ORDER BY wanted.item)
            AS mention,
        student.status AS student_status,
        coalesce(student.max_credits, term.max_credits) AS max_credits,
        course.code AS course,
        course.title,
        course.status AS course_status,
        course.term,
        course.credits,
        course.capacity,
        course.waitlist_capacity,
        course.repeatable,
        course.enroll_from,
        course.enroll_until,
        coalesce(term.start_on, '0000') AS start_on,
        coalesce(term.end_on, '9999-12-31') AS end_on,
        coalesce(seat.enrolled, 0) AS enrolled,
        coalesce(seat.waitlisted, 0) AS waitlisted,
        -- Where a registrar promotes, seats are held for those who wait.
        iif(course.promotion = 'manual' AND :purpose <> 'promote', coalesce(seat.waitlisted, 0), 0) AS held,
        present.status AS present_status,
        present.status IS 'enrolled' OR wanted.waitlist AND present.status IS 'waitlisted' AS settled,
        iif(
            :effective_at IS NULL,
            NULL,
            (
                SELECT effective_at FROM student_course_event
                WHERE student_id = wanted.student_id AND course_id = wanted.course_id
                ORDER BY id DESC LIMIT 1
            )
        ) AS last_effective_at
    FROM wanted
    LEFT JOIN student ON student.id = wanted.student_id
    LEFT JOIN course ON course.id = wanted.course_id
    LEFT JOIN term ON term.code = course.term
    LEFT JOIN seat ON seat.course_id = wanted.course_id
    LEFT JOIN student_course AS present
        ON present.student_id = wanted.student_id AND present.course_id = wanted.course_id
),

new AS MATERIALIZED (
    SELECT item, student_id, student_status, max_credits, course_id, course, course_status, term,
        credits, repeatable, enroll_from, enroll_until, start_on, end_on, last_effective_at,
        -- Who will have to wait does not take the course yet.
        coalesce(waitlist AND enrolled + held >= capacity, 0)
            AND instr(:overridden, '"course_full"') = 0 AS waits
    FROM fact
    WHERE course IS NOT NULL AND student_status IS NOT NULL AND +mention = 1 AND NOT settled
),

-- Where each student will be if all goes well.
place AS MATERIALIZED (
    SELECT student_course.student_id, student_course.course_id, course.code, course.term, course.credits,
        coalesce(term.start_on, '0000') AS start_on, coalesce(term.end_on, '9999-12-31') AS end_on
    FROM student_course
    JOIN course ON course.id = student_course.course_id
    LEFT JOIN term ON term.code = course.term
    WHERE student_course.student_id IN (SELECT student_id FROM wanted)
        AND student_course.status = 'enrolled'
    UNION ALL
    SELECT student_id, course_id, course, term, credits, start_on, end_on
    FROM new
    WHERE :purpose <> 'browse' AND NOT waits
),

-- What new courses require, and courses that are kept, of those that are given up beside them.
missing AS (
    SELECT fact.item, fact.course, course_requirement.code, course_requirement.kind
    FROM fact
    JOIN course_requirement ON course_requirement.course_id = fact.course_id
    WHERE +fact.mention = 1
        AND fact.student_status IS NOT NULL
        AND (
            NOT fact.settled
            OR fact.present_status = 'enrolled'
            AND course_requirement.kind IN ('concurrent', 'corequisite')
            AND course_requirement.code IN (
                SELECT course.code FROM json_each(:given_up) JOIN course ON course.id = value
            )
        )
        AND NOT EXISTS (
            SELECT 1
            FROM student_course AS done
            JOIN course ON course.id = done.course_id
            WHERE done.student_id = fact.student_id
                AND done.completed_at IS NOT NULL
                AND course.code = course_requirement.code
        )
        AND NOT (
            course_requirement.kind IN ('concurrent', 'corequisite')
            AND EXISTS (
                SELECT 1 FROM place
                WHERE place.student_id = fact.student_id AND place.code = course_requirement.code
            )
        )
),

broken AS (
    SELECT item, 1 AS place, iif(:purpose = 'fill', 'duplicate_student', 'duplicate_course') AS code,
        iif(
            :purpose = 'fill',
            format('Student %d is named before.', student_id),
            format('Course %d is named before.', course_id)
        ) AS detail,
        iif(
            :purpose = 'fill',
            json_object('student_id', student_id),
            json_object('course_id', course_id)
        ) AS details
    FROM fact
    WHERE mention > 1

    UNION ALL
    SELECT item, 2, 'unknown_student',
        format('There is no student %d.', student_id),
        json_object('student_id', student_id)
    FROM fact
    WHERE student_status IS NULL

    UNION ALL
    SELECT item, 2, 'unknown_course',
        format('There is no course %d.', course_id),
        json_object('course_id', course_id)
    FROM fact
    WHERE course IS NULL

    UNION ALL
    SELECT item, 3, iif(present_status = 'enrolled', 'already_enrolled', 'already_waitlisted'),
        iif(
            present_status = 'enrolled',
            format('The student is enrolled in %s already.', course),
            format('The student waits for %s already.', course)
        ),
        json_object('course', course)
    FROM fact
    WHERE settled AND +mention = 1 AND NOT kept

    UNION ALL
    SELECT item, 3, 'effective_too_early',
        format('What happened before in %s was at %s.', course, last_effective_at),
        json_object('course', course, 'last_effective_at', last_effective_at)
    FROM new
    WHERE :effective_at < last_effective_at

    UNION ALL
    SELECT item, 4, 'already_completed',
        format('The student has completed %s, and it is not repeatable.', course),
        json_object('course', course)
    FROM new
    WHERE NOT repeatable
        AND EXISTS (
            SELECT 1
            FROM student_course AS done
            JOIN course AS same ON same.id = done.course_id
            WHERE done.student_id = new.student_id
                AND done.completed_at IS NOT NULL
                AND same.code = new.course
        )

    UNION ALL
    SELECT item, 5, 'student_inactive',
        format('Student %d is %s.', student_id, student_status),
        json_object('student_id', student_id, 'status', student_status)
    FROM new
    WHERE student_status <> 'active'

    UNION ALL
    SELECT new.item, 6, 'student_on_hold',
        format('Student %d is on hold: %s', new.student_id, hold.reason),
        json_object('hold_id', hold.id, 'reason', hold.reason, 'placed_at', hold.placed_at)
    FROM new
    JOIN hold ON hold.student_id = new.student_id AND hold.released_at IS NULL

    UNION ALL
    SELECT item, 7, 'course_not_open',
        format('%s is %s.', course, course_status),
        json_object('course', course, 'status', course_status)
    FROM new
    WHERE course_status <> 'open'

    UNION ALL
    SELECT item, 8, 'window_not_open',
        format('Enrolment in %s opens at %s.', course, enroll_from),
        json_object('course', course, 'enroll_from', enroll_from)
    FROM new
    WHERE :now < enroll_from

    UNION ALL
    SELECT item, 9, 'window_closed',
        format('Enrolment in %s closed at %s.', course, enroll_until),
        json_object('course', course, 'enroll_until', enroll_until)
    FROM new
    WHERE :now >= enroll_until

    UNION ALL
    SELECT item, 10, iif(kind = 'corequisite', 'corequisite_missing', 'prerequisite_missing'),
        CASE kind
            WHEN 'prerequisite' THEN format('%s needs %s completed before.', course, code)
            WHEN 'concurrent' THEN format('%s needs %s completed before, or taken with it.', course, code)
            ELSE format('%s is taken together with %s.', course, code)
        END,
        json_object('course', course, 'requires', code)
    FROM missing

    UNION ALL
    SELECT new.item, 11, 'time_conflict',
        format('%s meets at the same time as %s.', new.course, place.code),
        json_object(
            'course', new.course,
            'conflicts_with', place.code,
            'conflicting_course_id', place.course_id,
            'meetings', count(*)
        )
    FROM new
    JOIN course_meeting AS mine ON mine.course_id = new.course_id
    JOIN place
        ON place.student_id = new.student_id
        AND place.course_id <> new.course_id
        AND place.start_on <= new.end_on
        AND place.end_on >= new.start_on
    JOIN course_meeting AS theirs
        ON theirs.course_id = place.course_id
        AND theirs.weekday = mine.weekday
        AND theirs.from_time < mine.to_time
        AND theirs.to_time > mine.from_time
    GROUP BY new.item, place.course_id

    UNION ALL
    SELECT item, 12, 'credit_limit',
        format('With %s the student takes %g credits of at most %g.', course, total, max_credits),
        json_object('course', course, 'credits', total, 'max_credits', max_credits)
    FROM (
        SELECT item, course, credits, max_credits,
            (
                SELECT total(place.credits) FROM place
                WHERE place.student_id = new.student_id AND place.term IS new.term
            ) + iif(:purpose = 'browse' OR waits, credits, 0) AS total
        FROM new
    )
    WHERE total > max_credits AND credits > 0
),

standing AS MATERIALIZED (
    SELECT item, place, code, detail, details
    FROM broken
    WHERE code NOT IN (SELECT value FROM json_each(:overridden))
),

-- Who takes which seat, in the order of the items: whom nothing speaks against.
line AS MATERIALIZED (
    SELECT item, course_id, course, title, term, credits, capacity, enrolled, held, waitlist_capacity,
        waitlisted, waitlist, present_status, settled,
        NOT settled AND mention = 1 AND student_status IS NOT NULL AS is_new,
        NOT settled AND item NOT IN (SELECT item FROM standing) AS is_welcome,
        present_status IS 'waitlisted' AS was_waiting
    FROM fact
),

-- A seat that was held for one who waits, and is taken by that one, is not taken twice.
seating AS MATERIALIZED (
    SELECT item, course_id, course, title, term, credits, capacity, enrolled, held, waitlist_capacity,
        waitlisted, waitlist, present_status, settled, is_welcome, was_waiting,
        count(*) FILTER (WHERE is_welcome) OVER ahead AS others,
        coalesce(
            enrolled + held + count(*) FILTER (WHERE is_welcome AND NOT (held AND was_waiting)) OVER ahead
                >= capacity,
            0
        )
            AND is_new
            AND instr(:overridden, '"course_full"') = 0 AS is_full
    FROM line
    WINDOW ahead AS (PARTITION BY course_id ORDER BY item ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),

outcome AS MATERIALIZED (
    SELECT item, course_id, course, title, term, credits, capacity, held, waitlist_capacity, waitlisted,
        settled,
        max(enrolled, min(enrolled + others, capacity)) AS taken,
        waitlisted
            + count(*) FILTER (WHERE is_welcome AND is_full AND waitlist) OVER ahead
            - count(*) FILTER (WHERE is_welcome AND NOT is_full AND was_waiting) OVER ahead AS waiting,
        CASE
            WHEN settled THEN present_status
            WHEN NOT is_full THEN 'enrolled'
            WHEN waitlist THEN 'waitlisted'
            ELSE 'full'
        END AS status
    FROM seating
    WINDOW ahead AS (PARTITION BY course_id ORDER BY item ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),

reason AS MATERIALIZED (
    SELECT item, place, code, detail, details
    FROM standing

    UNION ALL
    SELECT item, 13, 'course_full',
        format('No seat of %s is free: %d of %d are taken', course, taken, capacity)
        || iif(held, ', and those who wait come first.', '.'),
        json_object('course', course, 'capacity', capacity, 'enrolled', taken)
    FROM outcome
    WHERE +status = 'full'

    UNION ALL
    SELECT item, 14, 'waitlist_full',
        format(
            'No seat of %s is free, and %d wait already, where %d may.',
            course, max(waitlisted, min(waiting, waitlist_capacity)), waitlist_capacity
        ),
        json_object(
            'course', course,
            'waitlist_capacity', waitlist_capacity,
            'waitlisted', max(waitlisted, min(waiting, waitlist_capacity))
        )
    FROM outcome
    WHERE +status = 'waitlisted'
        AND NOT settled
        AND waiting >= waitlist_capacity
        AND instr(:overridden, '"waitlist_full"') = 0
)

SELECT item, course_id, course, title, term, credits, status AS outcome,
    NULL AS place, NULL AS code, NULL AS detail, NULL AS details
FROM outcome
WHERE item NOT IN (SELECT item FROM reason) AND (:purpose <> 'browse' OR NOT settled)
UNION ALL
SELECT item, NULL, NULL, NULL, NULL, NULL, NULL, place, code, detail, details
FROM reason
WHERE :purpose <> 'browse'
ORDER BY item, place, details;
