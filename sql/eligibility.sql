-- name: list_decisions(requests, lists_students, eligible_only, recheck, reserves_seats, promoted, dropped, overridden, rules, effective_at, now, today)
-- Which outcome has each requested enrollment ("enrolled" or "waitlisted": a row without a code), and which rules does
-- it break (a row for each, with its code, a sentence and its figures)? It has an outcome if it breaks no rule, or if
-- all that it breaks are overridden.
--
-- requests       a JSON array of [student_id, course_id, waitlist, allow_existing, instead_of, alone]: whether to join
--                the waitlist if the course is full; whether an enrollment that already exists is no violation; the
--                course that the student gives up for the seat, or NULL; and whether the times and credits of the
--                course count for this item alone. If not, they count for the other items of the request too
-- lists_students whether the request lists students of one course, or courses of one student
-- eligible_only  whether only the items without a violation are returned
-- recheck        whether enrollments that exist are decided as if they were new, each alone; seats are then counted
--                from none, so where they matter, the request has all students of the course
-- reserves_seats whether free seats are reserved for waitlisted students where a registrar promotes
-- promoted       a JSON array of the ids of the courses in which the same request has promoted students, one for each
--                student: their seats are reserved, since a refusal takes the promotion back
-- dropped        a JSON array of the ids of the courses that the same request drops
-- overridden     a JSON array of the codes of the rules that are overridden
-- rules          a JSON array of the codes of all rules, in the order in which violations are returned
-- effective_at   NULL, or the time at which the enrollments take effect
-- now            the current time
-- today          the current date at the school
--
-- The query has four parts: the facts; the rules, which stand in rule.sql; the seats; and the answer.
--
-- "At most 1" in place of "is 1", and coalesce around a text, keep SQLite from building an index to read a few rows
-- once (https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_), and PostgreSQL from
-- expecting one row of thousands.
WITH

---------------------------------------------------------------------------------------------------
-- 1 facts
---------------------------------------------------------------------------------------------------

requested AS MATERIALIZED (
    SELECT
        key AS item,
        CAST(value ->> 0 AS bigint) AS student_id,
        CAST(value ->> 1 AS bigint) AS course_id,
        CAST(value ->> 2 AS boolean) AS waitlist,
        CAST(value ->> 3 AS boolean) AS allow_existing,
        CAST(value ->> 4 AS bigint) AS instead_of,
        CAST(value ->> 5 AS boolean) AS alone
    FROM json_each(:requests)
),

-- The codes of the courses that every student of the request drops (without a student_id), and of those that one
-- student gives up for a seat. A cancelled course is left out: it meets no requirement, so none is missing without it.
dropped AS MATERIALIZED (
    SELECT CAST(NULL AS bigint) AS student_id, course_code.course_id AS id, course_code.code
    FROM json_each(:dropped) AS listed
    CROSS JOIN course
    CROSS JOIN course_code
    WHERE course.id = CAST(listed.value AS bigint)
        AND course.status <> 'cancelled'
        AND course_code.course_id = course.id
    UNION ALL
    SELECT requested.student_id, course_code.course_id, course_code.code
    FROM requested
    CROSS JOIN student_course
    CROSS JOIN course
    CROSS JOIN course_code
    WHERE requested.instead_of IS NOT NULL
        AND student_course.student_id = requested.student_id
        AND student_course.course_id = requested.instead_of
        AND student_course.status = 'enrolled'
        AND course.id = requested.instead_of
        AND course.status <> 'cancelled'
        AND course_code.course_id = requested.instead_of
),

-- The seats of each course once, however many students are to be enrolled in it.
seat AS MATERIALIZED (
    SELECT course_id, enrolled - promoted AS enrolled, waitlisted, promoted
    FROM (
        SELECT course_id, enrolled, waitlisted,
            (
                SELECT count(*) FROM json_each(:promoted) AS listed
                WHERE CAST(listed.value AS bigint) = course_seat.course_id
            ) AS promoted
        FROM course_seat
        WHERE course_id IN (SELECT course_id FROM requested)
    ) AS counted
),

-- Each item with everything that the rules look at.
request AS MATERIALIZED (
    SELECT
        requested.item,
        requested.student_id,
        requested.course_id,
        requested.waitlist,
        requested.allow_existing,
        requested.instead_of,
        requested.alone,
        row_number() OVER (PARTITION BY requested.student_id, requested.course_id ORDER BY requested.item)
            AS occurrence,
        student.status AS student_status,
        course.open_to,
        coalesce(student.max_credits, term.max_credits) AS max_credits,
        course.label AS course,
        course.code,
        course.status AS course_status,
        course.term,
        -- A cancelled course takes no credits.
        CASE course.status WHEN 'cancelled' THEN 0.0 ELSE course.credits END AS credits,
        course.capacity,
        course.waitlist_capacity,
        course.repeatable,
        coalesce(course.enroll_from, term.enroll_from) AS enroll_from,
        coalesce(course.enroll_until, term.enroll_until) AS enroll_until,
        term.start_on,
        term.end_on,
        CASE WHEN :recheck THEN 0 ELSE coalesce(seat.enrolled, 0) END AS enrolled,
        CASE WHEN :recheck THEN 0 ELSE coalesce(seat.waitlisted, 0) END AS waitlisted,
        :reserves_seats AND course.promotion = 'manual' AS reserves_seats,
        -- A seat is reserved for those who wait ahead of the student: everyone, unless the student waits too.
        CASE
            WHEN NOT :reserves_seats OR course.promotion <> 'manual' THEN coalesce(seat.promoted, 0)
            WHEN present.status = 'waitlisted' THEN (
                SELECT count(*) FROM student_course AS ahead
                WHERE ahead.course_id = requested.course_id
                    AND ahead.status = 'waitlisted'
                    AND (ahead.queue_number, ahead.queue_fraction)
                        < (present.queue_number, present.queue_fraction)
            )
            ELSE seat.waitlisted
        END AS reserved,
        present.status AS present_status,
        -- Nothing is left to do: the student has what the request asks for.
        NOT :recheck AND coalesce(
            present.status = 'enrolled' OR requested.waitlist AND present.status = 'waitlisted', false
        ) AS is_satisfied,
        CASE
            WHEN :effective_at IS NOT NULL THEN (
                SELECT CASE WHEN to_status <> 'void' THEN effective_at END FROM student_course_event
                WHERE student_id = requested.student_id AND course_id = requested.course_id
                ORDER BY id DESC LIMIT 1
            )
        END AS last_effective_at
    FROM requested
    LEFT JOIN student ON student.id = requested.student_id
    LEFT JOIN course ON course.id = requested.course_id
    LEFT JOIN term ON term.code = course.term
    LEFT JOIN seat ON seat.course_id = requested.course_id
    LEFT JOIN student_course AS present
        ON present.student_id = requested.student_id AND present.course_id = requested.course_id
),

-- The items to decide.
candidate AS MATERIALIZED (
    SELECT item, student_id, student_status, max_credits, course_id, course, code, course_status, term,
        credits, repeatable, enroll_from, enroll_until, start_on, end_on, last_effective_at,
        open_to, instead_of, alone,
        coalesce(waitlist AND enrolled + reserved >= capacity, false)
            AND :overridden NOT LIKE '%"course_full"%' AS waits
    FROM request
    WHERE course IS NOT NULL AND student_status IS NOT NULL AND occurrence <= 1 AND NOT is_satisfied
),

-- The courses that each student will take if every candidate that is not alone is enrolled. Cancelled courses are left
-- out.
schedule AS MATERIALIZED (
    SELECT student_course.student_id, student_course.course_id, course.label AS course,
        course.term, course.credits, term.start_on, term.end_on
    FROM student_course
    JOIN course ON course.id = student_course.course_id
    LEFT JOIN term ON term.code = course.term
    WHERE student_course.student_id IN (SELECT student_id FROM requested)
        AND student_course.status = 'enrolled'
        AND course.status <> 'cancelled'
        AND NOT EXISTS (
            SELECT 1 FROM dropped
            WHERE dropped.id = course.id AND coalesce(dropped.student_id = student_course.student_id, true)
        )
    UNION ALL
    SELECT student_id, course_id, course, term, credits, start_on, end_on
    FROM candidate
    WHERE NOT :recheck AND NOT alone AND NOT waits AND course_status <> 'cancelled'
),

-- The courses whose requirements are checked: the candidates (is_new), and the courses that a student keeps while the
-- request drops another one. A student who will wait gives up nothing yet.
requiring AS (
    SELECT item, student_id, course_id, course, start_on, end_on, NOT is_satisfied AS is_new
    FROM request
    WHERE occurrence <= 1
        AND student_status IS NOT NULL
        AND (NOT is_satisfied OR present_status = 'enrolled' AND :dropped <> '[]' AND course_status <> 'cancelled')
    UNION ALL
    SELECT candidate.item, candidate.student_id, kept.course_id, course.label, term.start_on, term.end_on, false
    FROM candidate
    CROSS JOIN student_course AS kept
    JOIN course ON course.id = kept.course_id
    LEFT JOIN term ON term.code = course.term
    WHERE candidate.instead_of IS NOT NULL
        AND NOT candidate.waits
        AND kept.student_id = candidate.student_id
        AND kept.status = 'enrolled'
        AND kept.course_id <> candidate.instead_of
        AND course.status <> 'cancelled'
),

-- The requirements that nothing meets. Of a choice, any code is enough. A course that is kept needs only what the
-- request drops.
unmet_requirement AS (
    SELECT item, course, kind, choice, min(code) AS code, json_group_array(code) AS codes
    FROM (
        SELECT requiring.item, requiring.course, required.kind, required.choice, required.code,
            requiring.is_new
                OR required.kind IN ('concurrent', 'corequisite')
                AND EXISTS (
                    SELECT 1 FROM dropped
                    WHERE required.code = dropped.code
                        AND coalesce(dropped.student_id = requiring.student_id, true)
                ) AS matters,
            EXISTS (
                SELECT 1 FROM passed_code
                WHERE passed_code.student_id = requiring.student_id AND passed_code.code = required.code
            )
                OR required.kind IN ('concurrent', 'corequisite')
                AND (
                    -- The course counts as what it is taken together with.
                    EXISTS (
                        SELECT 1 FROM course_code
                        WHERE course_code.course_id = requiring.course_id AND course_code.code = required.code
                    )
                    OR EXISTS (
                        SELECT 1
                        FROM schedule
                        CROSS JOIN course_code
                        WHERE schedule.student_id = requiring.student_id
                            AND course_code.course_id = schedule.course_id
                            AND course_code.code = required.code
                            -- A course without a term is taken at the same time as any other.
                            AND coalesce(schedule.start_on <= requiring.end_on, true)
                            AND coalesce(schedule.end_on >= requiring.start_on, true)
                    )
                ) AS is_met
        FROM requiring
        CROSS JOIN course_requirement AS required
        WHERE required.course_id = requiring.course_id
    ) AS way
    GROUP BY item, course, kind, choice, CASE choice WHEN 0 THEN code END
    HAVING count(*) FILTER (WHERE matters) > 0 AND count(*) FILTER (WHERE is_met) = 0
),

---------------------------------------------------------------------------------------------------
-- 2 rules
---------------------------------------------------------------------------------------------------

violation AS (
-- include: rule.sql
),

rule_violation AS MATERIALIZED (
    SELECT item, code, detail, details, code IN (SELECT atom FROM json_each(:overridden)) AS is_overridden
    FROM violation
),

---------------------------------------------------------------------------------------------------
-- 3 seats
---------------------------------------------------------------------------------------------------

-- The items without a violation claim seats, in the order of the items.
seat_queue AS MATERIALIZED (
    SELECT item, course_id, course, capacity, enrolled, reserves_seats, reserved, waitlist_capacity,
        waitlisted, waitlist, present_status, is_satisfied,
        NOT is_satisfied AND occurrence = 1 AND student_status IS NOT NULL AS is_candidate,
        NOT is_satisfied AND item NOT IN (SELECT item FROM rule_violation WHERE NOT is_overridden) AS is_eligible,
        coalesce(present_status = 'waitlisted', false) AS was_waitlisted
    FROM request
),

seat_claim AS (
    SELECT item, course_id, course, capacity, enrolled, reserved, waitlist_capacity,
        waitlisted, waitlist, present_status, is_satisfied, is_eligible, was_waitlisted,
        -- Where seats are reserved, a waitlisted student has one by the place on the waitlist alone: the claims of
        -- other students do not take it, and the student's own claim takes no other seat.
        coalesce(
            capacity <= enrolled + reserved + CASE
                WHEN reserves_seats AND was_waitlisted THEN 0
                ELSE count(*) FILTER (WHERE is_eligible AND NOT (reserves_seats AND was_waitlisted)) OVER ahead
            END,
            false
        ) AND is_candidate AS finds_no_seat,
        -- The same where reserved seats are free too.
        coalesce(capacity <= enrolled + count(*) FILTER (WHERE is_eligible) OVER ahead, false)
            AND is_candidate AS exceeds_capacity
    FROM seat_queue
    WINDOW ahead AS (PARTITION BY course_id ORDER BY item ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),

allocation AS MATERIALIZED (
    SELECT item, course_id, course, capacity, waitlist_capacity, waitlisted, waitlist, is_full,
        -- The seats of students who wait ahead, and of those whom this request takes from the waitlist.
        reserved + count(*) FILTER (WHERE is_eligible AND NOT is_full AND was_waitlisted) OVER ahead AS reserved,
        -- A course may be over its capacity, but the claims of a request never bring it there.
        CASE
            WHEN enrolled >= capacity THEN enrolled
            WHEN enrolled + count(*) FILTER (WHERE is_eligible AND NOT is_full) OVER ahead > capacity THEN capacity
            ELSE enrolled + count(*) FILTER (WHERE is_eligible AND NOT is_full) OVER ahead
        END AS taken,
        waitlisted
            + count(*) FILTER (WHERE is_eligible AND is_full AND waitlist) OVER ahead
            - count(*) FILTER (WHERE is_eligible AND NOT is_full AND was_waitlisted) OVER ahead AS waiting,
        CASE
            WHEN is_satisfied THEN present_status
            WHEN NOT is_full THEN 'enrolled'
            WHEN waitlist THEN 'waitlisted'
        END AS outcome,
        -- A student who is enrolled against the rule can take a reserved seat. The student for whom it was is over.
        (finds_no_seat OR exceeds_capacity) AND :overridden LIKE '%"course_full"%' AS is_over
    FROM (
        SELECT item, course_id, course, capacity, enrolled, reserved, waitlist_capacity,
            waitlisted, waitlist, present_status, is_satisfied, is_eligible, was_waitlisted,
            finds_no_seat, exceeds_capacity,
            finds_no_seat AND :overridden NOT LIKE '%"course_full"%' AS is_full
        FROM seat_claim
    ) AS seat_claim
    WINDOW ahead AS (PARTITION BY course_id ORDER BY item ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),

every_violation AS MATERIALIZED (
    SELECT item, code, detail, details, is_overridden
    FROM rule_violation

    UNION ALL
    SELECT item, 'course_full',
        CASE capacity
            WHEN 0 THEN course || ' has no seats.'
            ELSE 'No seat of ' || course || ' is free: ' || CAST(taken AS text) || ' of ' || CAST(capacity AS text)
                || ' taken' || CASE WHEN reserved > 0 THEN ', and waitlisted students come first.' ELSE '.' END
        END,
        json_object('course', course, 'capacity', capacity, 'enrolled', taken),
        is_over
    FROM allocation
    WHERE is_full AND NOT waitlist OR is_over

    UNION ALL
    SELECT item, 'waitlist_full',
        'No seat of ' || course || ' is free, and ' || CASE waitlist_capacity
            WHEN 0 THEN 'no one can join the waitlist.'
            ELSE 'the waitlist is full: ' || CAST(places_taken AS text) || ' of '
                || CAST(waitlist_capacity AS text) || ' taken.'
        END,
        json_object('course', course, 'waitlist_capacity', waitlist_capacity, 'waitlisted', places_taken),
        :overridden LIKE '%"waitlist_full"%'
    FROM (
        SELECT item, course, waitlist_capacity,
            CASE WHEN waitlisted > waitlist_capacity THEN waitlisted ELSE waitlist_capacity END AS places_taken
        FROM allocation
        WHERE is_full AND waitlist AND waiting >= waitlist_capacity
    ) AS full_waitlist
)

---------------------------------------------------------------------------------------------------
-- 4 answer
---------------------------------------------------------------------------------------------------

SELECT item, course_id, outcome, false AS is_overridden,
    -1 AS rank, NULL AS code, NULL AS detail, NULL AS details
FROM allocation
WHERE item NOT IN (SELECT item FROM every_violation WHERE NOT is_overridden)
UNION ALL
SELECT item, NULL, NULL, is_overridden,
    (SELECT key FROM json_each(:rules) WHERE atom = every_violation.code), code, detail, CAST(details AS text)
FROM every_violation
WHERE NOT :eligible_only
ORDER BY item, rank, details;

-- name: list_members(course_id)
-- Which students are in this course: those enrolled, in the order in which they came, and then those on the waitlist?
-- waitlist is whether the student is on the waitlist; instead_of is the course that the student gives up for a seat. Of
-- students who were enrolled at the same time, the events show who came first.
SELECT student_id, course_id, status = 'waitlisted' AS waitlist, false AS allow_existing,
    (
        SELECT instead_of FROM swap
        WHERE swap.student_id = student_course.student_id AND swap.course_id = student_course.course_id
    ) AS instead_of
FROM student_course
WHERE course_id = :course_id AND status IN ('enrolled', 'waitlisted')
ORDER BY status, queue_number, queue_fraction, enrolled_at,
    (
        SELECT max(id) FROM student_course_event AS event
        WHERE event.student_id = student_course.student_id
            AND event.course_id = student_course.course_id
            AND event.to_status = 'enrolled'
    );

-- name: list_dependent_enrollments(student_ids, course_id)
-- In which other courses that require this one at the same time are these students enrolled? student_ids is a JSON
-- array.
SELECT student_course.student_id, student_course.course_id
FROM json_each(:student_ids) AS listed
CROSS JOIN student_course AS given_up
CROSS JOIN student_course
CROSS JOIN course_code
CROSS JOIN course_requirement
WHERE given_up.student_id = CAST(listed.value AS bigint)
    AND given_up.course_id = :course_id
    AND given_up.status = 'enrolled'
    AND student_course.student_id = given_up.student_id
    AND student_course.status = 'enrolled'
    AND course_code.course_id = given_up.course_id
    AND course_requirement.course_id = student_course.course_id
    AND course_requirement.code = course_code.code
    AND course_requirement.kind IN ('concurrent', 'corequisite')
GROUP BY listed.key, student_course.student_id, student_course.course_id
ORDER BY listed.key, student_course.course_id;
