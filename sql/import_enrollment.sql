-- name: update_deleted_references()!
-- Of which enrollment is a row that is to be deleted? Some systems give its id alone.
UPDATE incoming
SET user_ref = coalesce(incoming.user_ref, known.user_ref), class_ref = coalesce(incoming.class_ref, known.class_ref)
FROM source_record AS known
WHERE incoming.kind = 'enrollments'
    AND incoming.is_deleted = 1
    AND known.id = incoming.known_id;

-- name: insert_stretches(source, key, now)!
-- Which enrollments do the rows of a package speak of, how are they to be, and how are they here? One that has ended
-- is what it says it is, as in an export of ours, else completed if it lasted to the end of the term, else dropped. One
-- that is no longer of a student, but of a teacher, is gone. A new id is that of the enrollment that the student had in
-- the course on the same days, if there is one.
INSERT INTO stretch (
    incoming_id, record_id, event_id, student_id, course_id, begin_at, end_at, back_at, wanted, passed, grade, last,
    present, is_new, is_deleted
)
SELECT incoming_id, record_id, coalesce(event_id, own_event_id), student_id, course_id, begin_at, end_at, back_at,
    wanted,
    CASE wanted WHEN 'completed' THEN coalesce(outcome, '') <> 'failed' END,
    CASE WHEN wanted = 'completed' AND outcome IS NOT NULL AND length(grade) BETWEEN 1 AND 10 THEN grade END,
    coalesce(last, own_last), present, last IS NULL AND own_event_id IS NULL, is_deleted
FROM (
    SELECT incoming.id AS incoming_id, known.id AS record_id,
        CASE WHEN incoming.content ->> 'role' = 'student' THEN incoming.is_deleted ELSE 1 END AS is_deleted,
        person.student_id, class.course_id,
        -- An enrollment that has ended and does not say since when has begun with the term.
        CASE
            WHEN begins.begins_at IS NULL AND term_begins.begins_at < ends.begins_at THEN term_begins.begins_at
            ELSE begins.begins_at
        END AS begin_at,
        ends.begins_at AS end_at,
        CASE
            -- Who takes a class again that is completed may begin before the last day.
            WHEN incoming.content ->> '$."metadata.outcome"' IN ('completed', 'failed')
                THEN coalesce(begins.begins_at, '')
            ELSE coalesce(last_day.begins_at, ends.begins_at)
        END AS back_at,
        CASE
            WHEN incoming.is_deleted = 1 OR incoming.content ->> 'role' <> 'student' THEN 'dropped'
            WHEN ends.begins_at IS NULL THEN 'enrolled'
            WHEN incoming.content ->> '$."metadata.outcome"' IN ('completed', 'failed') THEN 'completed'
            WHEN incoming.content ->> '$."metadata.outcome"' = 'dropped' THEN 'dropped'
            WHEN ends.begins_at > :now THEN 'enrolled'
            WHEN incoming.content ->> 'endDate' > term.end_on THEN 'completed'
            ELSE 'dropped'
        END AS wanted,
        incoming.content ->> '$."metadata.outcome"' AS outcome, incoming.content ->> '$."metadata.grade"' AS grade,
        CASE
            WHEN known.student_id = person.student_id AND known.course_id = class.course_id THEN known.event_id
        END AS event_id,
        CASE
            WHEN known.student_id IS DISTINCT FROM person.student_id
                OR known.course_id IS DISTINCT FROM class.course_id
                THEN NULL
            -- One that is back since another day is not the one that was decided on here.
            WHEN known.is_deleted = 1
                AND known.content ->> 'beginDate' IS DISTINCT FROM incoming.content ->> 'beginDate'
                THEN 'dropped'
            ELSE known.taken ->> 'wanted'
        END AS last,
        own.id AS own_event_id, own.status AS own_last,
        present.status AS present
    FROM incoming
    CROSS JOIN source_record AS person
    CROSS JOIN source_record AS class
    CROSS JOIN course
    LEFT JOIN term ON term.code = course.term
    LEFT JOIN source_record AS known ON known.id = coalesce(
        incoming.known_id,
        (
            SELECT old.id FROM source_record AS old
            WHERE incoming.content ->> 'role' = 'student'
                AND old.student_id = person.student_id
                AND old.course_id = class.course_id
                AND old.kind = 'enrollments'
                AND old.source = :source
                AND old.is_current = 1
                AND old.content ->> 'beginDate' IS NOT DISTINCT FROM incoming.content ->> 'beginDate'
                AND old.content ->> 'endDate' IS NOT DISTINCT FROM incoming.content ->> 'endDate'
            ORDER BY old.is_deleted, old.id DESC
            LIMIT 1
        )
    )
    LEFT JOIN incoming_day AS begins ON begins.day = incoming.content ->> 'beginDate'
    LEFT JOIN incoming_day AS ends ON ends.day = incoming.content ->> 'endDate'
    -- Where no row names the last day, none begins on it.
    LEFT JOIN incoming_day AS last_day ON last_day.day = ends.day_before
    LEFT JOIN incoming_day AS term_begins ON term_begins.day = term.start_on
    LEFT JOIN enrollment_stretch AS own
        ON own.student_id = person.student_id
        AND own.course_id = class.course_id
        AND own.id =
-- include: own_id.sql
    LEFT JOIN enrollment AS present ON present.student_id = person.student_id AND present.course_id = class.course_id
    WHERE incoming.kind = 'enrollments'
        AND incoming.is_wanted
        AND (incoming.content ->> 'role' = 'student' OR known.event_id IS NOT NULL)
        AND person.kind = 'users'
        AND person.sourced_id = incoming.user_ref
        AND person.source = :source
        AND person.is_current = 1
        AND class.kind = 'classes'
        AND class.sourced_id = incoming.class_ref
        AND class.source = :source
        AND class.is_current = 1
        AND course.id = class.course_id
) AS said
WHERE student_id IS NOT NULL
ORDER BY incoming_id;

-- name: insert_missing_stretches(source, has_sessions)!
-- Which enrollments have no row any more? Only those in sessions that the files have are looked for: an export may
-- hold the current year alone. has_sessions: whether all sessions are in the files.
INSERT INTO stretch (record_id, event_id, student_id, course_id, wanted, last, present, is_new, is_deleted)
SELECT known.id, known.event_id, known.student_id, known.course_id, 'dropped', known.taken ->> 'wanted',
    enrollment.status, false, 1
FROM source_record AS known
CROSS JOIN enrollment
CROSS JOIN source_record AS class
WHERE known.kind = 'enrollments'
    AND known.source = :source
    AND known.is_current = 1
    AND known.is_deleted = 0
    AND enrollment.student_id = known.student_id
    AND enrollment.course_id = known.course_id
    AND class.kind = 'classes'
    AND class.sourced_id = known.class_ref
    AND class.source = :source
    AND class.is_current = 1
    AND NOT EXISTS (
        SELECT 1 FROM incoming WHERE incoming.kind = 'enrollments' AND incoming.sourced_id = known.sourced_id
    )
    AND (
        NOT :has_sessions
        OR class.content ->> 'termSourcedIds' IS NULL
        OR EXISTS (
            SELECT 1 FROM incoming AS session
            WHERE session.kind = 'academicSessions'
                -- Not LIKE: in an id, _ is no wildcard, and case counts.
                AND replace(
                    ',' || (class.content ->> 'termSourcedIds') || ',', ',' || session.sourced_id || ',', ''
                ) <> ',' || (class.content ->> 'termSourcedIds') || ','
        )
    )
ORDER BY known.id;

-- name: insert_moved_stretches()!
-- Which enrollments have a row that is now of another student or another course? They are missing. The record has become
-- that of the other enrollment, so it is not theirs any more.
INSERT INTO stretch (record_id, student_id, course_id, wanted, last, present, is_new, is_deleted)
SELECT known.id, known.student_id, known.course_id, 'dropped', known.taken ->> 'wanted', enrollment.status, false, 1
FROM incoming
CROSS JOIN source_record AS known
CROSS JOIN enrollment
WHERE incoming.kind = 'enrollments'
    AND incoming.is_wanted
    AND known.id = incoming.known_id
    AND known.is_deleted = 0
    AND (known.user_ref, known.class_ref) <> (incoming.user_ref, incoming.class_ref)
    AND enrollment.student_id = known.student_id
    AND enrollment.course_id = known.course_id
    AND NOT EXISTS (
        SELECT 1 FROM stretch
        WHERE stretch.record_id = known.id
            AND stretch.student_id = known.student_id
            AND stretch.course_id = known.course_id
    )
ORDER BY incoming.id;

-- name: insert_ending_stretches(source)!
-- Which enrollments are in a class that is cancelled now?
INSERT INTO stretch (record_id, event_id, student_id, course_id, wanted, last, present, is_new, is_deleted)
SELECT known.id, known.event_id, known.student_id, known.course_id, 'dropped', known.taken ->> 'wanted',
    enrollment.status, false, 1
FROM planned
CROSS JOIN source_record AS known
CROSS JOIN enrollment
WHERE planned.kind = 'course'
    AND planned.is_ended
    AND known.course_id = planned.course_id
    AND known.kind = 'enrollments'
    AND known.source = :source
    AND known.is_current = 1
    AND known.is_deleted = 0
    AND enrollment.student_id = known.student_id
    AND enrollment.course_id = known.course_id
    AND NOT EXISTS (SELECT 1 FROM stretch WHERE stretch.record_id = known.id)
ORDER BY known.id;

-- name: insert_gone_stretches(source, today)!
-- Which enrollments has a user who is gone, whose student stays? Those of terms that are over stay too.
INSERT INTO stretch (record_id, event_id, student_id, course_id, wanted, last, present, is_new, is_deleted)
SELECT known.id, known.event_id, known.student_id, known.course_id, 'dropped', known.taken ->> 'wanted',
    enrollment.status, false, 1
FROM planned
CROSS JOIN source_record AS person
LEFT JOIN incoming ON incoming.id = planned.incoming_id
CROSS JOIN source_record AS known
CROSS JOIN enrollment
CROSS JOIN course
LEFT JOIN term ON term.code = course.term
WHERE planned.kind = 'student'
    AND NOT planned.is_ended
    AND coalesce(incoming.is_deleted, 1) = 1
    AND person.id = planned.record_id
    AND known.kind = 'enrollments'
    AND known.user_ref = person.sourced_id
    AND known.source = :source
    AND known.is_current = 1
    AND known.is_deleted = 0
    AND enrollment.student_id = known.student_id
    AND enrollment.course_id = known.course_id
    AND enrollment.status = 'enrolled'
    AND course.id = known.course_id
    AND coalesce(term.end_on >= :today, true)
    AND NOT EXISTS (SELECT 1 FROM stretch WHERE stretch.record_id = known.id)
ORDER BY known.id;

-- name: insert_leaving_stretches(source, today)!
-- Which enrollments, and places on waitlists, has a student who becomes inactive? As elsewhere, they are dropped, unless
-- the term is over. The record of the source ends with them, so that it begins again when the source has it later.
INSERT INTO stretch (record_id, event_id, student_id, course_id, wanted, last, present, is_new, is_deleted)
SELECT known.id, known.event_id, student_course.student_id, student_course.course_id, 'dropped', student_course.status,
    student_course.status, false, 0
FROM student_course
CROSS JOIN course
LEFT JOIN term ON term.code = course.term
LEFT JOIN source_record AS known ON known.id = (
    SELECT max(record.id) FROM source_record AS record
    WHERE record.student_id = student_course.student_id
        AND record.course_id = student_course.course_id
        AND record.kind = 'enrollments'
        AND record.source = :source
        AND record.is_current = 1
        AND record.is_deleted = 0
        AND record.taken ->> 'wanted' = 'enrolled'
)
WHERE student_course.student_id IN (
        SELECT planned.student_id FROM planned WHERE planned.kind = 'student' AND planned.is_ended
    )
    AND student_course.status IN ('enrolled', 'waitlisted')
    AND course.id = student_course.course_id
    AND coalesce(term.end_on >= :today, true)
    AND NOT EXISTS (
        SELECT 1 FROM stretch
        WHERE stretch.student_id = student_course.student_id AND stretch.course_id = student_course.course_id
    )
ORDER BY student_course.student_id, student_course.course_id;

-- name: insert_listed_stretches(course_id)!
-- Which enrollments do the rows of a list speak of? All are in one course, or each row names its own.
INSERT INTO stretch (incoming_id, student_id, course_id, wanted, passed, grade, present, is_new, is_deleted)
SELECT incoming.id, planned.student_id, course.id,
    CASE
        WHEN incoming.content ->> 'status' IN ('completed', 'dropped', 'waitlisted') THEN incoming.content ->> 'status'
        WHEN incoming.content ->> 'status' = 'inactive' THEN 'dropped'
        WHEN incoming.content ->> 'status' IS NULL AND incoming.content ->> 'outcome' IS NOT NULL THEN 'completed'
        ELSE 'enrolled'
    END,
    coalesce(incoming.content ->> 'outcome', '') <> 'failed', incoming.content ->> 'grade',
    enrollment.status, true, 0
FROM incoming
CROSS JOIN said_student AS person
CROSS JOIN planned
CROSS JOIN course
LEFT JOIN enrollment ON enrollment.student_id = planned.student_id AND enrollment.course_id = course.id
WHERE incoming.is_wanted
    AND person.person = incoming.user_ref
    AND planned.kind = 'student'
    AND planned.incoming_id = person.incoming_id
    AND course.id = coalesce(:course_id, CAST(incoming.class_ref AS bigint))
ORDER BY incoming.id;

-- name: insert_listed_faults()!
-- Which rows of a list say what is not so here, and what an import does not do? A student who is gone need not be in the
-- course.
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, CASE WHEN incoming.content ->> 'status' IS NULL THEN 'outcome' ELSE 'status' END,
    coalesce(incoming.content ->> 'status', incoming.content ->> 'outcome'), 'not_kept', 'warning',
    CASE stretch.wanted
        WHEN 'waitlisted' THEN 'An import puts no student on a waitlist.'
        WHEN 'completed' THEN 'Only a student who is enrolled can complete the course.'
        ELSE 'Only a student who is enrolled or waitlisted can be dropped.'
    END
    || ' Here, the student is ' || coalesce(stretch.present, 'not in the course') || '.'
FROM stretch
CROSS JOIN incoming
WHERE incoming.id = stretch.incoming_id
    AND incoming.content ->> 'status' IS DISTINCT FROM 'inactive'
    AND stretch.wanted <> 'enrolled'
    AND stretch.wanted IS DISTINCT FROM stretch.present
    AND NOT stretch.ends
UNION ALL
SELECT incoming.file, incoming.line, 'outcome', incoming.content ->> 'outcome', 'not_kept', 'warning',
    'The student has completed the course with another outcome here. It stays: correct it here, if it is wrong.'
FROM stretch
CROSS JOIN incoming
CROSS JOIN enrollment
WHERE incoming.id = stretch.incoming_id
    AND incoming.content ->> 'outcome' IS NOT NULL
    AND stretch.wanted = 'completed'
    AND stretch.present = 'completed'
    AND enrollment.student_id = stretch.student_id
    AND enrollment.course_id = stretch.course_id
    AND (enrollment.passed <> stretch.passed OR coalesce(enrollment.grade, '') <> coalesce(stretch.grade, ''));

-- name: update_listed_courses()!
-- Which course does each row of a list name? Its label, or else its code, must be that of one course alone.
UPDATE incoming
SET class_ref = (
    SELECT CASE
        WHEN count(*) FILTER (WHERE label = CAST(incoming.content ->> 'course' AS citext)) = 1
            THEN CAST(min(CASE WHEN label = CAST(incoming.content ->> 'course' AS citext) THEN id END) AS text)
        WHEN count(*) = 1 THEN CAST(min(id) AS text)
    END
    FROM course
    WHERE (
            label = CAST(incoming.content ->> 'course' AS citext)
            OR code = CAST(incoming.content ->> 'course' AS citext)
        )
        AND (
            incoming.content ->> 'term' IS NULL
            OR term = CAST(incoming.content ->> 'term' AS citext)
            OR term IN (SELECT term.code FROM term WHERE term.title = CAST(incoming.content ->> 'term' AS citext))
        )
)
WHERE kind = 'list' AND content ->> 'course' IS NOT NULL;

-- name: insert_listed_course_faults(header)!
-- Which rows of a list name a course that is not here, or one of several? header is that of the column.
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT file, line, 'course', content ->> 'course', 'unresolved_reference', 'error',
    CASE
        WHEN EXISTS (
            SELECT 1 FROM course
            WHERE label = CAST(content ->> 'course' AS citext) OR code = CAST(content ->> 'course' AS citext)
        )
            THEN 'There are several courses with this code, or none in this term: give the section and the term too.'
        ELSE 'There is no course with this code. If the column has no courses, leave it out with the option columns: '
            || :header || '=ignore.'
    END
FROM incoming
WHERE kind = 'list' AND is_wanted AND content ->> 'course' IS NOT NULL AND class_ref IS NULL
UNION ALL
SELECT file, line, 'course', NULL, 'missing_value', 'error', 'The course is blank.'
FROM incoming
WHERE kind = 'list' AND is_wanted AND content ->> 'course' IS NULL;

-- name: insert_replaced_stretches(course_id)!
-- Who is enrolled in the course and is not in its list? A row that is left out ends nothing.
INSERT INTO stretch (student_id, course_id, wanted, last, present, is_new, is_deleted)
SELECT student_id, course_id, 'dropped', 'enrolled', 'enrolled', false, 1
FROM enrollment
WHERE course_id = :course_id
    AND status = 'enrolled'
    AND NOT EXISTS (
        SELECT 1 FROM planned WHERE planned.kind = 'student' AND planned.student_id = enrollment.student_id
    )
    AND NOT EXISTS (
        SELECT 1 FROM incoming
        CROSS JOIN student
        WHERE NOT incoming.is_wanted
            AND student.id = enrollment.student_id
            AND (
                lower(student.number) = lower(incoming.number)
                OR lower(student.email) = lower(incoming.content ->> 'email')
            )
    )
ORDER BY student_id;

-- name: update_stretches_same()!
-- Which new enrollments does an earlier row have already, under another id? Nothing happens for them here.
UPDATE stretch
SET same_id = (
    SELECT min(first.id) FROM stretch AS first
    WHERE first.student_id = stretch.student_id
        AND first.course_id = stretch.course_id
        AND first.wanted = stretch.wanted
        AND first.id < stretch.id
        AND first.is_new
        AND first.is_deleted = 0
        AND first.begin_at IS NOT DISTINCT FROM stretch.begin_at
        AND first.end_at IS NOT DISTINCT FROM stretch.end_at
)
WHERE is_new AND is_deleted = 0;

-- name: update_stretch_actions(is_list)!
-- Which of them begin, and which end? Where a row says that a student is there, no other row of the pair says that the
-- student has left, unless the student came back on that day or later. Where a row says how an enrollment has ended, one
-- that is gone says nothing. What another system says has ended, and is on record here already, stays as it is.
UPDATE stretch
SET begins = CASE
        WHEN is_deleted = 1 OR same_id IS NOT NULL THEN false
        WHEN wanted = 'enrolled' AND present = 'enrolled' THEN is_new AND EXISTS (
            SELECT 1 FROM stretch AS left_before
            WHERE left_before.student_id = stretch.student_id
                AND left_before.course_id = stretch.course_id
                AND left_before.wanted <> 'enrolled'
                AND left_before.last = 'enrolled'
                AND left_before.back_at <= stretch.begin_at
        )
        WHEN wanted = 'enrolled' THEN is_new OR last <> 'enrolled'
        ELSE is_new AND present IS NULL AND NOT :is_list
    END,
    ends = CASE
        WHEN wanted IN ('enrolled', 'waitlisted') OR same_id IS NOT NULL THEN false
        WHEN present IS NULL THEN is_new AND is_deleted = 0 AND NOT :is_list
        WHEN present <> 'enrolled'
            THEN present = 'waitlisted' AND wanted = 'dropped' AND (:is_list OR coalesce(last, '') = 'waitlisted')
        WHEN is_new AND is_deleted = 1 THEN false
        WHEN is_deleted = 1 AND EXISTS (
            SELECT 1 FROM stretch AS other
            WHERE other.student_id = stretch.student_id
                AND other.course_id = stretch.course_id
                AND other.wanted <> 'enrolled'
                AND other.is_deleted = 0
                AND (other.is_new OR other.last = 'enrolled')
        ) THEN false
        WHEN EXISTS (
            SELECT 1 FROM stretch AS other
            WHERE other.student_id = stretch.student_id
                AND other.course_id = stretch.course_id
                AND other.wanted = 'enrolled'
                AND NOT coalesce(other.is_new AND stretch.last = 'enrolled' AND other.begin_at >= stretch.back_at, false)
        ) THEN false
        ELSE is_new OR coalesce(last, '') = 'enrolled'
    END;

-- name: update_stretches_held(source)!
-- Which of those that a package drops stay? Another record of the source has the student in the course, and no row says
-- otherwise. A student who is gone from the school leaves all the same, and so does one who came back later.
UPDATE stretch
SET ends = false
WHERE ends
    AND NOT begins
    AND present = 'enrolled'
    AND wanted = 'dropped'
    AND student_id NOT IN (SELECT planned.student_id FROM planned WHERE planned.kind = 'student' AND planned.is_ended)
    AND NOT EXISTS (
        SELECT 1 FROM stretch AS back
        WHERE back.student_id = stretch.student_id AND back.course_id = stretch.course_id AND back.wanted = 'enrolled'
    )
    AND EXISTS (
        SELECT 1
        FROM source_record AS other
        WHERE other.student_id = stretch.student_id
            AND other.course_id = stretch.course_id
            AND other.kind = 'enrollments'
            AND other.source = :source
            AND other.is_current = 1
            AND other.is_deleted = 0
            AND other.taken ->> 'wanted' = 'enrolled'
            AND NOT EXISTS (
                SELECT 1 FROM stretch AS said
                WHERE said.student_id = other.student_id
                    AND said.course_id = other.course_id
                    AND said.record_id = other.id
            )
    );

-- name: list_left_alone()
-- Which enrollments stay that are taken at the same time as one that is dropped? begun is a JSON array of the courses
-- that the student takes from now on.
SELECT stretch.id AS stretch_id, stretch.student_id, stretch.course_id AS dropped_id, staying.course_id AS staying_id,
    (
        SELECT json_group_array(coming.course_id) FROM stretch AS coming
        WHERE coming.student_id = stretch.student_id AND coming.begins AND coming.wanted = 'enrolled'
    ) AS begun
FROM stretch
CROSS JOIN course_code
CROSS JOIN course_requirement
CROSS JOIN student_course AS staying
WHERE stretch.ends
    AND NOT stretch.begins
    AND stretch.wanted = 'dropped'
    AND course_code.course_id = stretch.course_id
    AND course_requirement.code = course_code.code
    AND course_requirement.kind IN ('concurrent', 'corequisite')
    AND staying.student_id = stretch.student_id
    AND staying.course_id = course_requirement.course_id
    AND staying.status = 'enrolled'
    AND NOT EXISTS (
        SELECT 1 FROM stretch AS other
        WHERE other.student_id = staying.student_id AND other.course_id = staying.course_id AND other.ends
    )
ORDER BY stretch.student_id, stretch.id, staying.course_id;

-- name: update_stretches_against()!
-- These are dropped against rules.
UPDATE stretch
SET overridden = decision.overridden
FROM decision
WHERE stretch.id = decision.stretch_id;

-- name: delete_stretches_decided()!
-- These are not dropped, and are looked at again next time.
DELETE FROM stretch
WHERE id IN (SELECT stretch_id FROM decision);

-- name: update_stretch_rounds()!
-- In which round is each of them? The rounds of one pair follow the days.
UPDATE stretch
SET round = ranked.round
FROM (
    SELECT id,
        row_number() OVER (
            PARTITION BY student_id, course_id ORDER BY coalesce(begin_at, end_at, ''), id
        ) AS round
    FROM stretch
    WHERE begins OR ends
) AS ranked
WHERE stretch.id = ranked.id;

-- name: get_last_round()^
-- How many rounds are there?
SELECT coalesce(max(round), 0) AS round
FROM stretch;

-- name: list_stretches_to_begin(round)
-- Which enrollments begin in this round?
SELECT id, student_id, course_id
FROM stretch
WHERE round = :round AND begins AND is_decided = 0
ORDER BY id;

-- name: list_waiting_first(round, replaces)
-- Which students wait for courses in which others begin in this round? A student who begins in another course meanwhile
-- may not be eligible any more, and is none of them. Where a registrar promotes, the rules reserve the seats. replaces:
-- only students who are in the list have a claim.
SELECT student_course.student_id, student_course.course_id
FROM student_course
CROSS JOIN course
WHERE student_course.status = 'waitlisted'
    AND student_course.course_id IN (SELECT course_id FROM stretch WHERE round = :round AND begins)
    AND NOT EXISTS (
        SELECT 1 FROM stretch AS other
        WHERE other.student_id = student_course.student_id
            AND other.course_id <> student_course.course_id
            AND other.begins
    )
    AND (
        NOT :replaces
        OR EXISTS (
            SELECT 1 FROM stretch AS own
            WHERE own.student_id = student_course.student_id AND own.course_id = student_course.course_id
        )
    )
    AND course.id = student_course.course_id
    AND course.promotion = 'automatic'
ORDER BY student_course.course_id, student_course.queue_number, student_course.queue_fraction;

-- name: insert_decisions(decisions)!
-- Note the rules that each enrollment breaks. decisions is a JSON array of [stretch_id, rules], rules NULL or a text.
INSERT INTO decision (stretch_id, overridden)
SELECT CAST(value ->> 0 AS bigint), value ->> 1
FROM json_each(:decisions)
WHERE true
ON CONFLICT (stretch_id) DO UPDATE SET overridden = excluded.overridden;

-- name: update_stretches_decided()!
-- Take the decisions over.
UPDATE stretch
SET is_decided = 1, overridden = decision.overridden
FROM decision
WHERE stretch.id = decision.stretch_id;

-- name: delete_decisions()!
DELETE FROM decision;

-- name: insert_begun(round, now, actor, reason)!
-- Enroll those that begin in this round and were decided, each since its own day: it is not later than now, and not
-- earlier than what happened before.
INSERT INTO student_course (
    student_id, course_id, status, enrolled_at, changed_at, effective_at, changed_by, change_reason, overridden
)
SELECT student_id, course_id, 'enrolled', since, :now, since, :actor, :reason, overridden
FROM (
    SELECT id, student_id, course_id, overridden,
        CASE
            -- A student who comes back without a day comes back now.
            WHEN NOT is_new AND last_at >= said_at THEN :now
            WHEN last_at > said_at THEN CASE WHEN last_at > :now THEN :now ELSE last_at END
            ELSE said_at
        END AS since
    FROM (
        SELECT stretch.id, stretch.student_id, stretch.course_id, stretch.overridden, stretch.is_new,
            CASE
                WHEN coalesce(stretch.begin_at, stretch.end_at, :now) > :now THEN :now
                ELSE coalesce(stretch.begin_at, stretch.end_at, :now)
            END AS said_at,
            coalesce(
                (
                    SELECT CASE WHEN event.to_status <> 'void' THEN event.effective_at END
                    FROM student_course_event AS event
                    WHERE event.student_id = stretch.student_id AND event.course_id = stretch.course_id
                    ORDER BY event.id DESC
                    LIMIT 1
                ),
                ''
            ) AS last_at
        FROM stretch
        WHERE stretch.round = :round AND stretch.begins AND stretch.is_decided = 1
    ) AS said
) AS beginning
WHERE true
ORDER BY id
ON CONFLICT (student_id, course_id) DO UPDATE
SET status = excluded.status,
    enrolled_at = excluded.enrolled_at,
    changed_at = excluded.changed_at,
    effective_at = excluded.effective_at,
    changed_by = excluded.changed_by,
    change_reason = excluded.change_reason,
    overridden = excluded.overridden,
    version = student_course.version + 1
WHERE student_course.status <> excluded.status;

-- name: update_stretches_begun(round)!
-- These have begun: note by which event.
UPDATE stretch
SET is_decided = 2,
    event_id = (
        SELECT max(event.id) FROM student_course_event AS event
        WHERE event.student_id = stretch.student_id
            AND event.course_id = stretch.course_id
            AND event.to_status = 'enrolled'
    )
WHERE round = :round AND begins AND is_decided = 1;

-- name: update_ended(round, status, now, actor, reason)!
-- Complete or drop those that end in this round, each since its own day, or correct how they have ended. None is
-- inserted: PostgreSQL would have the events of an UPDATE in the order of its plan.
INSERT INTO student_course (
    student_id, course_id, status, completed_at, dropped_at, passed, grade, changed_at, effective_at, changed_by,
    change_reason, overridden, corrects
)
SELECT student_id, course_id, :status,
    CASE :status WHEN 'completed' THEN since END,
    CASE :status WHEN 'dropped' THEN since END,
    CASE :status WHEN 'completed' THEN coalesce(passed, true) END,
    CASE :status WHEN 'completed' THEN grade END,
    :now, since, :actor, :reason, overridden, corrects
FROM (
    SELECT stretch.student_id, stretch.course_id, stretch.passed, stretch.grade, stretch.corrects,
        CASE WHEN NOT stretch.begins THEN stretch.overridden END AS overridden,
        CASE
            WHEN said.enrolled_at > coalesce(stretch.end_at, :now) THEN said.enrolled_at
            WHEN coalesce(stretch.end_at, :now) > :now THEN :now
            ELSE coalesce(stretch.end_at, :now)
        END AS since
    FROM stretch
    CROSS JOIN student_course AS said
    WHERE stretch.round = :round
        AND stretch.ends
        AND (NOT stretch.begins OR stretch.is_decided = 2)
        AND stretch.wanted = :status
        AND said.student_id = stretch.student_id
        AND said.course_id = stretch.course_id
        AND (said.status IN ('enrolled', 'waitlisted') OR stretch.corrects IS NOT NULL)
) AS ending
WHERE true
ORDER BY student_id, course_id
ON CONFLICT (student_id, course_id) DO UPDATE
SET status = excluded.status,
    completed_at = coalesce(excluded.completed_at, student_course.completed_at),
    dropped_at = coalesce(excluded.dropped_at, student_course.dropped_at),
    passed = coalesce(excluded.passed, student_course.passed),
    grade = CASE excluded.status WHEN 'completed' THEN excluded.grade ELSE student_course.grade END,
    changed_at = excluded.changed_at,
    effective_at = excluded.effective_at,
    changed_by = excluded.changed_by,
    change_reason = excluded.change_reason,
    overridden = excluded.overridden,
    corrects = coalesce(excluded.corrects, student_course.corrects),
    restores = CASE WHEN excluded.corrects IS NULL THEN student_course.restores END,
    version = student_course.version + 1;

-- name: update_stretches_corrected()!
-- Which enrollments have ended, and has the source changed how? Only an outcome that a row names counts: without one,
-- what the days say may have been read otherwise. The day stays, unless the source has changed it too. Of several rows
-- that mean one enrollment here, the last counts. All are in the round 0.
UPDATE stretch
SET round = 0, ends = true, end_at = found.end_at, corrects = found.event_id
FROM (
    SELECT stretch.id, latest.id AS event_id,
        CASE
            WHEN incoming.content ->> 'endDate' = known.content ->> 'endDate' THEN latest.effective_at
            ELSE stretch.end_at
        END AS end_at,
        row_number() OVER (PARTITION BY latest.id ORDER BY stretch.id DESC) AS nth
    FROM stretch
    CROSS JOIN incoming
    CROSS JOIN source_record AS known
    CROSS JOIN student_course AS present
    CROSS JOIN student_course_event AS latest
    WHERE stretch.wanted <> 'enrolled'
        AND NOT stretch.begins
        AND stretch.is_deleted = 0
        AND incoming.id = stretch.incoming_id
        AND incoming.content ->> '$."metadata.outcome"' IN ('completed', 'failed', 'dropped')
        AND known.id = stretch.record_id
        AND (
            stretch.wanted <> known.taken ->> 'wanted'
            OR stretch.passed IS DISTINCT FROM CAST(known.taken ->> 'passed' AS boolean)
            OR stretch.grade IS DISTINCT FROM known.taken ->> 'grade'
        )
        AND present.student_id = stretch.student_id
        AND present.course_id = stretch.course_id
        AND present.status IN ('completed', 'dropped')
        AND (
            present.status <> stretch.wanted
            OR present.status = 'completed'
            AND (present.passed <> stretch.passed OR present.grade IS DISTINCT FROM stretch.grade)
        )
        -- It is the latest stretch, and the student did not only wait.
        AND latest.id = (
            SELECT max(event.id) FROM enrollment_event AS event
            WHERE event.student_id = stretch.student_id
                AND event.course_id = stretch.course_id
                AND event.superseded_by IS NULL
                AND event.from_status IS DISTINCT FROM event.to_status
        )
        AND latest.from_status = 'enrolled'
        AND stretch.event_id = (
            SELECT max(own.id) FROM enrollment_stretch AS own
            WHERE own.student_id = stretch.student_id AND own.course_id = stretch.course_id
        )
) AS found
WHERE stretch.id = found.id AND found.nth = 1;

-- name: insert_correction_faults()!
-- Note what was on record of the enrollments that are corrected.
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, 'metadata.outcome', incoming.content ->> '$."metadata.outcome"',
    'outcome_corrected', 'warning',
    'Here, the enrollment was ' || CASE present.status
        WHEN 'dropped' THEN 'dropped'
        ELSE CASE WHEN present.passed THEN 'passed' ELSE 'failed' END || coalesce(' with the grade ' || present.grade, '')
    END || '. It is corrected, on record.'
FROM stretch
CROSS JOIN incoming
CROSS JOIN student_course AS present
WHERE stretch.corrects IS NOT NULL
    AND incoming.id = stretch.incoming_id
    AND present.student_id = stretch.student_id
    AND present.course_id = stretch.course_id;

-- name: update_adopted()!
-- Which stretch here is each that was here already?
UPDATE stretch
SET event_id = (
    SELECT max(own.id) FROM enrollment_stretch AS own
    WHERE own.student_id = stretch.student_id AND own.course_id = stretch.course_id
)
WHERE event_id IS NULL AND NOT begins AND is_deleted = 0 AND present IS NOT NULL AND same_id IS NULL;

-- name: update_adopted_same()!
-- Which stretch here is each that an earlier row has?
UPDATE stretch
SET event_id = first.event_id
FROM stretch AS first
WHERE first.id = stretch.same_id;

-- name: insert_planned_stretches()!
-- Note what was made of each enrollment, for the records of the source: what it says, and what stands here. Where it is
-- gone and had ended here before, that is what it said last: if it comes back, it has not changed.
INSERT INTO planned (kind, incoming_id, record_id, student_id, course_id, event_id, is_ended, taken)
SELECT 'enrollment', stretch.incoming_id, stretch.record_id, stretch.student_id, stretch.course_id, stretch.event_id,
    stretch.ends AND NOT stretch.begins,
    CASE
        WHEN stretch.is_deleted = 1 AND stretch.present IN ('completed', 'dropped') AND known.taken IS NOT NULL
            THEN known.taken
        ELSE CAST(
            json_object(
                'wanted', stretch.wanted,
                'began_at', coalesce(
                    CASE WHEN NOT stretch.begins AND NOT stretch.ends THEN known.taken ->> 'began_at' END, own.began_at
                ),
                -- What goes on here, since another row has it, is not what this one says.
                'status', CASE
                    WHEN own.status = 'enrolled' THEN stretch.wanted
                    WHEN NOT stretch.begins AND NOT stretch.ends THEN coalesce(known.taken ->> 'status', own.status)
                    ELSE own.status
                END,
                'ended_at', CASE
                    WHEN NOT stretch.begins AND NOT stretch.ends AND known.taken IS NOT NULL
                        THEN known.taken ->> 'ended_at'
                    ELSE own.ended_at
                END,
                'passed', stretch.passed,
                'grade', stretch.grade
            ) AS text
        )
    END
FROM stretch
CROSS JOIN enrollment_stretch AS own
LEFT JOIN source_record AS known ON known.id = stretch.record_id
WHERE own.student_id = stretch.student_id
    AND own.course_id = stretch.course_id
    AND own.id = stretch.event_id
ORDER BY stretch.id;

-- name: update_records_of_others(import_id)!
-- The enrollments of teachers and others are none of ours, even if they were once those of students.
UPDATE source_record
SET student_id = NULL, course_id = NULL, event_id = NULL, taken = NULL
WHERE import_id = :import_id
    AND kind = 'enrollments'
    AND content ->> 'role' <> 'student'
    AND student_id IS NOT NULL;

-- name: insert_date_faults(now)!
-- Which days could not be recorded as they are said, or have another day here already? They are kept.
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, said.place, incoming.content ->> said.place, 'date_not_recorded', 'warning',
    CASE
        WHEN NOT said.is_recorded THEN 'The day has changed. It is kept for exports; the history here stays as it is:'
            || ' correct the enrollment, if it is wrong.'
        WHEN said.at > :now THEN 'The day is yet to come: the student is enrolled from now on.'
        ELSE 'What happened before is later: the student is ' || said.status || ' since ' || said.recorded_at || '.'
    END
FROM (
    SELECT stretch.incoming_id, stretch.record_id, 'beginDate' AS place, stretch.begins AS is_recorded,
        stretch.begin_at AS at, planned.taken ->> 'began_at' AS recorded_at, 'enrolled' AS status
    FROM stretch
    CROSS JOIN planned
    WHERE planned.incoming_id = stretch.incoming_id AND stretch.is_deleted = 0
    UNION ALL
    SELECT stretch.incoming_id, stretch.record_id, 'endDate', stretch.ends,
        CASE WHEN stretch.end_at <= :now THEN stretch.end_at END, planned.taken ->> 'ended_at', stretch.wanted
    FROM stretch
    CROSS JOIN planned
    WHERE planned.incoming_id = stretch.incoming_id
        AND stretch.is_deleted = 0
        AND (stretch.wanted <> 'enrolled' OR stretch.last <> 'enrolled' AND NOT stretch.begins)
) AS said
CROSS JOIN incoming
LEFT JOIN source_record AS known ON known.id = said.record_id
WHERE incoming.id = said.incoming_id
    AND CASE
        WHEN said.is_recorded THEN said.at <> said.recorded_at
        ELSE known.is_deleted = 0 AND incoming.content ->> said.place IS DISTINCT FROM known.content ->> said.place
    END;

-- name: insert_later_end_faults(now)!
-- Which rows of a delta say that a student leaves later, before the term ends? Nothing ends by itself.
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, 'endDate', incoming.content ->> 'endDate', 'date_not_recorded', 'warning',
    'The day is yet to come: the student stays enrolled until the source sends the enrollment again.'
FROM stretch
CROSS JOIN incoming
CROSS JOIN course
LEFT JOIN term ON term.code = course.term
WHERE stretch.wanted = 'enrolled'
    AND stretch.end_at > :now
    AND incoming.id = stretch.incoming_id
    AND course.id = stretch.course_id
    AND coalesce(incoming.content ->> 'endDate' <= term.end_on, true);

-- name: insert_outcome_faults()!
-- Which enrollments have another outcome than before, or another grade, and have ended here already? Which have no row
-- any more, and are completed here?
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, 'metadata.outcome', incoming.content ->> '$."metadata.outcome"', 'not_kept', 'warning',
    'The outcome or the grade has changed. It is kept for exports; the history here stays as it is: correct the'
        || ' enrollment, if it is wrong.'
FROM stretch
CROSS JOIN incoming
CROSS JOIN source_record AS known
WHERE incoming.id = stretch.incoming_id
    AND known.id = stretch.record_id
    AND known.is_deleted = 0
    AND stretch.is_deleted = 0
    AND stretch.wanted <> 'enrolled'
    AND NOT stretch.ends
    AND (
        incoming.content ->> '$."metadata.outcome"' IS DISTINCT FROM known.content ->> '$."metadata.outcome"'
        OR incoming.content ->> '$."metadata.grade"' IS DISTINCT FROM known.content ->> '$."metadata.grade"'
    )
UNION ALL
SELECT incoming.file, incoming.line, 'status', incoming.content ->> 'status', 'not_kept', 'warning',
    'The student has completed the course here. That stays: correct the enrollment here, if it is wrong.'
FROM stretch
CROSS JOIN incoming
WHERE incoming.id = stretch.incoming_id
    AND stretch.is_deleted = 1
    AND NOT stretch.is_new
    AND stretch.last <> 'dropped'
    AND stretch.present = 'completed';

-- name: insert_override_faults(faults)!
-- Note the rules that a row breaks, and that are set aside. faults is a JSON array of [stretch_id, sentences].
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT placed_stretch.file, placed_stretch.line, NULL, NULL, 'rule_set_aside', 'warning',
    coalesce(student.given_name || ' ', '') || student.family_name
        || CASE WHEN placed_stretch.begins THEN ' is enrolled in ' ELSE ' is dropped from ' END || course.label
        || ' against a rule: ' || (fault.value ->> 1)
FROM json_each(:faults) AS fault
CROSS JOIN placed_stretch
CROSS JOIN student
CROSS JOIN course
WHERE placed_stretch.id = CAST(fault.value ->> 0 AS bigint)
    AND student.id = placed_stretch.student_id
    AND course.id = placed_stretch.course_id
ORDER BY fault.key;

-- name: insert_rule_faults(faults)!
-- Note each rule that a row breaks. faults is a JSON array of [stretch_id, code, detail].
INSERT INTO import_fault (file, line, code, severity, detail)
SELECT placed_stretch.file, placed_stretch.line, fault.value ->> 1, 'error', fault.value ->> 2
FROM json_each(:faults) AS fault
CROSS JOIN placed_stretch
WHERE placed_stretch.id = CAST(fault.value ->> 0 AS bigint)
ORDER BY fault.key;

-- name: insert_unresolved_faults(source)!
-- Which rows enroll someone, or in something, that is neither in the files nor here?
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT file, line, CASE WHEN has_user THEN 'classSourcedId' ELSE 'userSourcedId' END,
    CASE WHEN has_user THEN class_ref ELSE user_ref END, 'unresolved_reference', 'error',
    'There is no ' || CASE WHEN has_user THEN class_ref ELSE user_ref END || ', in these files or here.'
FROM (
    SELECT file, line, user_ref, class_ref,
        EXISTS (
            SELECT 1 FROM source_record AS person
            WHERE person.kind = 'users' AND person.sourced_id = incoming.user_ref AND person.source = :source
                AND person.is_current = 1
        ) AS has_user,
        EXISTS (
            SELECT 1 FROM source_record AS class
            WHERE class.kind = 'classes' AND class.sourced_id = incoming.class_ref AND class.source = :source
                AND class.is_current = 1
        ) AS has_class
    FROM incoming
    WHERE kind = 'enrollments' AND is_wanted AND is_deleted = 0
) AS named
WHERE NOT has_user OR NOT has_class;

-- name: insert_gone_faults(now)!
-- Which rows enroll someone, or in something, that these files delete? What has ended is on record all the same. Each id
-- is looked up by itself: PostgreSQL would use no index for an OR.
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, CASE gone.kind WHEN 'users' THEN 'userSourcedId' ELSE 'classSourcedId' END,
    gone.sourced_id, 'unresolved_reference', 'warning',
    'In these files, ' || gone.sourced_id || ' is to be deleted. The row is left out.'
FROM incoming
CROSS JOIN (SELECT 'users' AS kind UNION ALL SELECT 'classes') AS named
CROSS JOIN incoming AS gone
LEFT JOIN incoming_day AS ends ON ends.day = incoming.content ->> 'endDate'
WHERE incoming.kind = 'enrollments'
    AND incoming.is_wanted
    AND incoming.is_deleted = 0
    AND incoming.content ->> 'role' = 'student'
    AND incoming.content ->> '$."metadata.outcome"' IS NULL
    AND coalesce(ends.begins_at > :now, true)
    AND gone.kind = named.kind
    AND gone.sourced_id = CASE named.kind WHEN 'users' THEN incoming.user_ref ELSE incoming.class_ref END
    AND gone.is_deleted = 1
    AND gone.is_wanted;
