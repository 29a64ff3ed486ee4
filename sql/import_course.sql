-- name: insert_planned_terms(source, key)!
-- Which terms do sessions become? One that serves for grades alone becomes none. A value is taken where the source
-- has changed it; a change made here stays. The term of another source is the same if it has the code and the first
-- day: then its values stay.
INSERT INTO planned (kind, incoming_id, record_id, term_id, is_new, taken, before, wanted)
SELECT 'term', incoming_id, record_id, id, id IS NULL,
    json_object('title', title, 'start_on', start_on, 'end_on', end_on),
    CASE WHEN id IS NOT NULL THEN json_object('title', old_title, 'start_on', old_start_on, 'end_on', old_end_on) END,
    json_object(
        'code', CASE WHEN EXISTS (SELECT 1 FROM term WHERE term.code = matched.code) THEN dated_code ELSE code END,
        'title', CASE
            WHEN id IS NOT NULL AND (is_shared OR title IS NOT DISTINCT FROM last ->> 'title') THEN old_title
            ELSE title
        END,
        'start_on', CASE WHEN is_shared OR has_old_days THEN old_start_on ELSE start_on END,
        'end_on', CASE WHEN is_shared OR has_old_days THEN old_end_on ELSE end_on END
    )
FROM (
    SELECT said.incoming_id, said.record_id, said.code, said.dated_code, said.title, said.start_on, said.end_on,
        said.last,
        term.id, term.title AS old_title, term.start_on AS old_start_on, term.end_on AS old_end_on,
        term.id IS NOT NULL
            AND said.start_on IS NOT DISTINCT FROM said.last ->> 'start_on'
            AND said.end_on IS NOT DISTINCT FROM said.last ->> 'end_on' AS has_old_days,
        said.record_id IS NULL
            AND :source <> :key
            AND EXISTS (
                SELECT 1 FROM source_record AS other WHERE other.term_id = term.id AND other.is_current = 1
            ) AS is_shared
    FROM (
        SELECT incoming.id AS incoming_id, known.id AS record_id, known.taken AS last, known.term_id,
-- include: exported_id.sql
        AS exported_id,
            CAST(
-- include: end_of_id.sql
                AS citext
            ) AS code,
            CAST(
                substr(incoming.sourced_id, 1, 21) || '-' || (incoming.content ->> 'startDate') AS citext
            ) AS dated_code,
-- include: own_id.sql
            AS own_id,
            substr(incoming.content ->> 'title', 1, 200) AS title,
            incoming.content ->> 'startDate' AS start_on,
            incoming_day.day_before AS end_on
        FROM incoming
        CROSS JOIN incoming_day
        LEFT JOIN source_record AS known ON known.id = incoming.known_id
        WHERE incoming.kind = 'academicSessions'
            AND incoming.is_wanted
            AND incoming.is_deleted = 0
            AND incoming_day.day = incoming.content ->> 'endDate'
            -- An export puts courses without a term into a session of their own.
            AND incoming.sourced_id NOT LIKE '%-term-0000000000'
            AND (
                coalesce(incoming.content ->> 'type', '') <> 'gradingPeriod'
                OR known.term_id IS NOT NULL
                OR incoming.sourced_id IN (SELECT sourced_id FROM incoming_session)
            )
    ) AS said
    LEFT JOIN term ON term.id = coalesce(
        said.term_id,
        (SELECT id FROM term AS own WHERE own.id = said.own_id),
        said.exported_id,
        (
            SELECT id FROM term AS same
            WHERE same.code = said.code
                AND (
                    same.start_on = said.start_on
                    OR NOT EXISTS (
                        SELECT 1 FROM source_record AS other
                        WHERE other.term_id = same.id
                            AND other.is_current = 1
                            AND other.taken ->> 'start_on' <> said.start_on
                    )
                )
        ),
        (SELECT id FROM term AS dated WHERE dated.code = said.dated_code)
    )
) AS matched
ORDER BY incoming_id;

-- name: insert_terms(now)!
-- Add the new terms.
INSERT INTO term (code, title, start_on, end_on, updated_at)
SELECT wanted ->> 'code', wanted ->> 'title', wanted ->> 'start_on', wanted ->> 'end_on', :now
FROM planned
WHERE kind = 'term' AND is_new
ORDER BY id;

-- name: update_planned_terms()!
-- Note which terms the new ones are.
UPDATE planned
SET term_id = (SELECT term.id FROM term WHERE term.code = CAST(planned.wanted ->> 'code' AS citext))
WHERE kind = 'term' AND is_new;

-- name: insert_term_faults()!
-- Which sessions have the id of another source's, and got a code of their own? Which are deleted there?
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, 'sourcedId', incoming.sourced_id, 'derived_code', 'warning',
    'Another system has a term of this id that begins on another day. The code of this one is '
        || (planned.wanted ->> 'code') || '.'
FROM planned
CROSS JOIN incoming
WHERE planned.kind = 'term'
    AND planned.is_new
    AND incoming.id = planned.incoming_id
    AND planned.wanted ->> 'code' = substr(incoming.sourced_id, 1, 21) || '-' || (incoming.content ->> 'startDate')
UNION ALL
SELECT incoming.file, incoming.line, 'status', incoming.content ->> 'status', 'not_kept', 'warning',
    'An import deletes no term. The term ' || term.code || ' stays: delete it here if no course needs it.'
FROM incoming
CROSS JOIN source_record AS known
CROSS JOIN term
WHERE incoming.kind = 'academicSessions'
    AND incoming.is_wanted
    AND incoming.is_deleted = 1
    AND known.id = incoming.known_id
    AND known.is_deleted = 0
    AND term.id = known.term_id;

-- name: update_terms(now)!
-- Change the terms that are to change.
UPDATE term
SET title = planned.wanted ->> 'title',
    start_on = planned.wanted ->> 'start_on',
    end_on = planned.wanted ->> 'end_on',
    updated_at = :now,
    version = version + 1
FROM planned
WHERE planned.kind = 'term'
    AND NOT planned.is_new
    AND term.id = planned.term_id
    AND (
        planned.before ->> 'title' <> planned.wanted ->> 'title'
        OR planned.before ->> 'start_on' <> planned.wanted ->> 'start_on'
        OR planned.before ->> 'end_on' <> planned.wanted ->> 'end_on'
    );

-- name: insert_session_faults(source)!
-- Which classes are in a session whose row is at fault, and which was never here? They would be in no term.
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, 'termSourcedIds', session.sourced_id, 'unresolved_reference', 'error',
    'The session ' || session.sourced_id || ' is left out: see row ' || CAST(min(session.line) AS text) || ' of '
        || session.file || '.'
FROM incoming
CROSS JOIN incoming_session
CROSS JOIN incoming AS session
WHERE incoming.kind = 'classes'
    AND incoming.is_wanted
    AND incoming.is_deleted = 0
    AND incoming_session.incoming_id = incoming.id
    AND session.kind = 'academicSessions'
    AND session.sourced_id = incoming_session.sourced_id
    AND session.is_deleted = 0
    AND NOT EXISTS (
        SELECT 1 FROM incoming AS sound
        WHERE sound.kind = 'academicSessions' AND sound.sourced_id = session.sourced_id AND sound.is_wanted
    )
    AND NOT EXISTS (
        SELECT 1 FROM source_record AS known
        WHERE known.kind = 'academicSessions'
            AND known.sourced_id = session.sourced_id
            AND known.source = :source
            AND known.is_current = 1
    )
GROUP BY incoming.id, incoming.file, incoming.line, session.sourced_id, session.file
ORDER BY incoming.id;

-- name: insert_planned_courses(source, key, ends)!
-- Which courses do classes become? The code is that of the catalog, and the section what the code of the class adds to
-- it. A class in all terms of a year is in the year. Where the source has changed the label or the term, the course
-- follows, unless another has that label. The course of another source is the same if it has the label in the term:
-- then its title stays. With `ends`, classes that are to be deleted, or have no row any more in a session that has one,
-- are cancelled, unless another source has them.
WITH year AS MATERIALIZED (
    SELECT named.incoming_id, min(session.content ->> 'parentSourcedId') AS parent
    FROM incoming_session AS named
    CROSS JOIN source_record AS session
    WHERE session.kind = 'academicSessions'
        AND session.sourced_id = named.sourced_id
        AND session.source = :source
        AND session.is_current = 1
    GROUP BY named.incoming_id
    HAVING count(*) > 1
        AND count(DISTINCT session.content ->> 'parentSourcedId') = 1
        AND count(session.content ->> 'parentSourcedId') = count(*)
),

placed AS (
    SELECT incoming.id AS incoming_id, known.id AS record_id, known.taken AS last, known.course_id,
-- include: exported_id.sql
        AS exported_id,
-- include: own_id.sql
        AS own_id,
        substr(incoming.content ->> 'title', 1, 200) AS title,
-- include: end_of_id.sql
        AS own_section,
        coalesce(
            catalog.content ->> 'courseCode', incoming.content ->> 'classCode', incoming.sourced_id
        ) AS code,
        CASE
            WHEN catalog.content ->> 'courseCode' IS NULL THEN NULL
            WHEN incoming.content ->> 'classCode' IS NULL THEN incoming.sourced_id
            WHEN lower(incoming.content ->> 'classCode') = lower(catalog.content ->> 'courseCode') THEN NULL
            WHEN lower(substr(incoming.content ->> 'classCode', 1, length(catalog.content ->> 'courseCode')))
                = lower(catalog.content ->> 'courseCode')
                AND ltrim(
                    substr(incoming.content ->> 'classCode', length(catalog.content ->> 'courseCode') + 1),
                    ' -_./:'
                ) <> ''
                THEN ltrim(
                    substr(incoming.content ->> 'classCode', length(catalog.content ->> 'courseCode') + 1),
                    ' -_./:'
                )
            ELSE incoming.content ->> 'classCode'
        END AS section,
        (
            SELECT parent.term_id FROM source_record AS parent
            WHERE parent.kind = 'academicSessions'
                AND parent.sourced_id = year.parent
                AND parent.source = :source
                AND parent.is_current = 1
        ) AS year_id,
        (
            SELECT session.term_id
            FROM incoming_session AS named
            CROSS JOIN source_record AS session
            WHERE named.incoming_id = incoming.id
                AND session.kind = 'academicSessions'
                AND session.sourced_id = named.sourced_id
                AND session.source = :source
                AND session.is_current = 1
                AND session.term_id IS NOT NULL
            ORDER BY named.place
            LIMIT 1
        ) AS first_id
    FROM incoming
    LEFT JOIN source_record AS known ON known.id = incoming.known_id
    LEFT JOIN source_record AS catalog
        ON catalog.kind = 'courses'
        AND catalog.sourced_id = incoming.content ->> 'courseSourcedId'
        AND catalog.source = :source
        AND catalog.is_current = 1
    LEFT JOIN year ON year.incoming_id = incoming.id
    WHERE incoming.kind = 'classes' AND incoming.is_wanted AND incoming.is_deleted = 0
),

said AS (
    SELECT placed.incoming_id, placed.record_id, placed.last, placed.course_id, placed.own_id,
        placed.exported_id, placed.title,
        term.code AS term,
        CAST(CASE WHEN length(placed.code) <= 32 THEN placed.code ELSE placed.own_section END AS citext) AS code,
        CAST(
            CASE
                WHEN length(placed.code) > 32 THEN NULL
                WHEN length(placed.section) <= 32 THEN placed.section
                WHEN placed.section IS NOT NULL THEN placed.own_section
            END AS citext
        ) AS section,
        placed.own_section
    FROM placed
    LEFT JOIN term ON term.id = coalesce(placed.year_id, placed.first_id)
),

-- Which course is each, and has the source another label for it than before?
matched AS (
    SELECT said.incoming_id, said.record_id, said.last, said.title, said.term, said.code, said.section,
        said.own_section,
        course.id, course.code AS old_code, course.section AS old_section, course.title AS old_title,
        course.term AS old_term, course.status AS old_status,
        course.id IS NOT NULL
            AND (
                said.last ->> 'code' IS NULL
                OR said.code = said.last ->> 'code' AND said.section IS NOT DISTINCT FROM said.last ->> 'section'
            ) AS has_old_label,
        said.record_id IS NULL
            AND :source <> :key
            AND EXISTS (
                SELECT 1 FROM source_record AS other
                WHERE other.course_id = course.id AND other.kind = 'classes' AND other.is_current = 1
            ) AS is_shared
    FROM said
    LEFT JOIN course ON course.id = coalesce(
        said.course_id,
        (SELECT id FROM course AS own WHERE own.id = said.own_id),
        said.exported_id,
        (
            SELECT id FROM course AS same
            WHERE same.code = said.code
                AND same.section IS NOT DISTINCT FROM said.section
                AND same.term IS NOT DISTINCT FROM said.term
                AND NOT EXISTS (
                    SELECT 1 FROM source_record AS other
                    WHERE other.course_id = same.id
                        AND other.kind = 'classes'
                        AND other.source = :source
                        AND other.is_current = 1
                )
        )
    )
),

-- Which label and term is each to have?
following AS (
    SELECT incoming_id, record_id, last, title, term, code, section, own_section, id, old_code, old_section, old_title,
        old_term, old_status, is_shared,
        CASE WHEN has_old_label THEN old_code ELSE code END AS new_code,
        CASE WHEN has_old_label THEN old_section ELSE section END AS new_section,
        CASE
            WHEN last IS NOT NULL AND term IS NOT DISTINCT FROM CAST(last ->> 'term' AS citext) AND id IS NOT NULL
                THEN old_term
            ELSE term
        END AS new_term
    FROM matched
),

moved AS (
    SELECT incoming_id, record_id, last, title, term, code, section, own_section, id, old_code, old_section, old_title,
        old_term, old_status, is_shared, new_code, new_section, new_term,
        id IS NULL
            OR new_code <> old_code
            OR new_section IS DISTINCT FROM old_section
            OR new_term IS DISTINCT FROM old_term AS is_moved
    FROM following
),

-- What stands in the way? The first of two with the same label has it, and no course requires itself.
weighed AS (
    SELECT incoming_id, record_id, last, title, term, code, section, own_section, id, old_code, old_section, old_title,
        old_term, old_status, is_shared, new_code, new_section, new_term, is_moved,
        (
            SELECT other.id FROM course AS other
            WHERE other.code = moved.new_code
                AND other.section IS NOT DISTINCT FROM moved.new_section
                AND other.term IS NOT DISTINCT FROM moved.new_term
                AND other.id IS DISTINCT FROM moved.id
        ) AS holder_id,
        row_number() OVER (
            PARTITION BY is_moved, new_term, lower(new_code), lower(new_section) ORDER BY incoming_id
        ) > 1
            OR EXISTS (
                SELECT 1 FROM course_requirement
                WHERE course_requirement.course_id = moved.id AND course_requirement.code = moved.new_code
            ) AS is_barred
    FROM moved
),

-- Can it have them? A new course can also have the label that another one leaves at the same time.
checked AS (
    SELECT incoming_id, record_id, last, title, term, code, section, own_section, id, old_code, old_section, old_title,
        old_term, old_status, is_shared, new_code, new_section, new_term,
        NOT is_moved
            OR NOT is_barred
            AND (
                holder_id IS NULL
                OR id IS NULL
                AND holder_id IN (
                    SELECT leaving.id FROM weighed AS leaving
                    WHERE leaving.is_moved AND NOT leaving.is_barred AND leaving.holder_id IS NULL
                        AND leaving.id IS NOT NULL
                )
            ) AS is_free
    FROM weighed
)

INSERT INTO planned (kind, incoming_id, record_id, course_id, is_new, is_ended, is_kept, taken, before, wanted)
SELECT 'course', incoming_id, record_id, id, id IS NULL, false, id IS NOT NULL AND NOT is_free,
    -- What is not followed is looked at again next time.
    json_object(
        'code', CASE WHEN id IS NULL OR is_free THEN code ELSE last ->> 'code' END,
        'section', CASE WHEN id IS NULL OR is_free THEN section ELSE last ->> 'section' END,
        'title', title,
        'term', CASE WHEN id IS NULL OR is_free THEN term ELSE last ->> 'term' END,
        'status', 'open'
    ),
    CASE
        WHEN id IS NOT NULL THEN json_object(
            'code', old_code, 'section', old_section, 'title', old_title, 'term', old_term, 'status', old_status
        )
    END,
    json_object(
        'code', CASE WHEN id IS NULL OR is_free THEN new_code ELSE old_code END,
        'section', CASE
            WHEN is_free THEN new_section
            WHEN id IS NOT NULL THEN old_section
            WHEN section IS DISTINCT FROM own_section THEN own_section
        END,
        'title', CASE
            WHEN id IS NOT NULL AND (is_shared OR title IS NOT DISTINCT FROM last ->> 'title') THEN old_title
            ELSE title
        END,
        'term', CASE WHEN id IS NULL OR is_free THEN new_term ELSE old_term END,
        'status', CASE
            WHEN id IS NULL THEN 'open'
            -- It is again what it was before the source no longer had it.
            WHEN last ->> 'status' = 'cancelled' AND old_status = 'cancelled' THEN coalesce(last ->> 'was', 'open')
            ELSE old_status
        END
    )
FROM checked
UNION ALL
SELECT 'course', incoming.id, known.id, known.course_id, false, other.id IS NULL, false,
    json_object(
        'code', known.taken ->> 'code', 'section', known.taken ->> 'section', 'title', known.taken ->> 'title',
        'term', known.taken ->> 'term', 'status', 'cancelled', 'was', course.status
    ),
    json_object(
        'code', course.code, 'section', course.section, 'title', course.title, 'term', course.term,
        'status', course.status
    ),
    json_object(
        'code', course.code, 'section', course.section, 'title', course.title, 'term', course.term,
        'status', CASE WHEN other.id IS NULL THEN 'cancelled' ELSE course.status END
    )
FROM source_record AS known
CROSS JOIN course
LEFT JOIN incoming ON incoming.kind = 'classes' AND incoming.sourced_id = known.sourced_id
LEFT JOIN source_record AS other ON other.id = (
    SELECT min(shared.id) FROM source_record AS shared
    WHERE shared.course_id = known.course_id
        AND shared.kind = 'classes'
        AND shared.source <> :source
        AND shared.is_current = 1
        AND shared.is_deleted = 0
)
WHERE known.kind = 'classes'
    AND known.source = :source
    AND known.is_current = 1
    AND known.is_deleted = 0
    AND course.id = known.course_id
    AND (
        incoming.is_deleted = 1 AND incoming.is_wanted
        OR :ends
        AND incoming.id IS NULL
        AND EXISTS (
            SELECT 1 FROM incoming AS session
            WHERE session.kind = 'academicSessions'
                -- Not LIKE: in an id, _ is no wildcard, and case counts.
                AND replace(
                    ',' || (known.content ->> 'termSourcedIds') || ',', ',' || session.sourced_id || ',', ''
                ) <> ',' || (known.content ->> 'termSourcedIds') || ','
        )
    )
ORDER BY 2 NULLS FIRST;

-- name: insert_course_faults(source, key)!
-- Which classes have the label of another, and got one of their own, or keep the old one? Which follow the source, and
-- which are courses of another source?
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, 'classCode', incoming.content ->> 'classCode', 'derived_code', 'warning',
    'The label is that of another course. The section is ' || (planned.wanted ->> 'section') || '.'
FROM planned
CROSS JOIN incoming
WHERE planned.kind = 'course'
    AND planned.is_new
    AND incoming.id = planned.incoming_id
    AND incoming.content ->> 'classCode' IS NOT NULL
    AND planned.wanted ->> 'section' =
-- include: end_of_id.sql
UNION ALL
SELECT incoming.file, incoming.line, 'courseSourcedId', incoming.content ->> 'courseSourcedId', 'code_changed',
    'warning',
    'The code ' || (planned.before ->> 'code') || ' is ' || (planned.wanted ->> 'code') || ' from now on.'
        || CASE
            WHEN EXISTS (
                SELECT 1 FROM course_requirement
                WHERE course_requirement.code = CAST(planned.before ->> 'code' AS citext)
            )
                THEN ' Courses require the old one: let the course count as that, or change them.'
            ELSE ''
        END
FROM planned
CROSS JOIN incoming
WHERE planned.kind = 'course'
    AND NOT planned.is_new
    AND incoming.id = planned.incoming_id
    AND lower(planned.before ->> 'code') <> lower(planned.wanted ->> 'code')
UNION ALL
SELECT incoming.file, incoming.line, 'courseSourcedId', incoming.content ->> 'courseSourcedId', 'code_kept', 'warning',
    'The code, section or term has changed there. Another course has the same, or the course would require itself:'
        || ' it stays as it is. If two courses have changed places, give one of them another section here: they follow'
        || ' with the next two imports.'
FROM planned
CROSS JOIN incoming
WHERE planned.kind = 'course'
    AND NOT planned.is_new
    AND incoming.id = planned.incoming_id
    AND planned.is_kept
UNION ALL
SELECT incoming.file, incoming.line, 'classCode', incoming.content ->> 'classCode', 'shared_course', 'warning',
    'The course ' || course.label || ', ' || course.title || ', is one of ' || min(other.source)
        || ' too: the students of both are in it.'
FROM planned
CROSS JOIN incoming
CROSS JOIN course
CROSS JOIN source_record AS other
WHERE planned.kind = 'course'
    AND planned.record_id IS NULL
    AND :source <> :key
    AND incoming.id = planned.incoming_id
    AND course.id = planned.course_id
    AND other.course_id = course.id
    AND other.kind = 'classes'
    AND other.is_current = 1
GROUP BY incoming.file, incoming.line, incoming.content, course.label, course.title;

-- name: insert_unfollowed_faults(source)!
-- Which codes has a delta changed, of classes that have no row in it?
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, 'courseCode', incoming.content ->> 'courseCode', 'code_kept', 'warning',
    'The code has changed. Of its classes, ' || CAST(count(*) AS text)
        || ' without a row here keep the code that they have: send them too.'
FROM source_record AS class
CROSS JOIN incoming
WHERE class.kind = 'classes'
    AND class.source = :source
    AND class.is_current = 1
    AND class.is_deleted = 0
    AND incoming.kind = 'courses'
    AND incoming.sourced_id = class.content ->> 'courseSourcedId'
    AND incoming.is_wanted
    AND incoming.is_deleted = 0
    -- One that is longer is no code here.
    AND length(incoming.content ->> 'courseCode') <= 32
    AND class.taken ->> 'code' <> incoming.content ->> 'courseCode'
    AND NOT EXISTS (
        SELECT 1 FROM incoming AS sent WHERE sent.kind = 'classes' AND sent.sourced_id = class.sourced_id
    )
GROUP BY incoming.id, incoming.file, incoming.line, incoming.content
ORDER BY incoming.id;

-- name: insert_courses(now)!
-- Add the new courses.
INSERT INTO course (code, section, title, term, updated_at)
SELECT wanted ->> 'code', wanted ->> 'section', wanted ->> 'title', wanted ->> 'term', :now
FROM planned
WHERE kind = 'course' AND is_new
ORDER BY id;

-- name: update_planned_courses()!
-- Note which courses the new ones are.
UPDATE planned
SET course_id = (
    SELECT course.id FROM course
    WHERE course.code = CAST(planned.wanted ->> 'code' AS citext)
        AND course.section IS NOT DISTINCT FROM CAST(planned.wanted ->> 'section' AS citext)
        AND course.term IS NOT DISTINCT FROM CAST(planned.wanted ->> 'term' AS citext)
)
WHERE kind = 'course' AND is_new;

-- name: update_courses(now)!
-- Change the courses that are to change, or to be cancelled.
UPDATE course
SET code = planned.wanted ->> 'code',
    section = planned.wanted ->> 'section',
    title = planned.wanted ->> 'title',
    term = planned.wanted ->> 'term',
    status = planned.wanted ->> 'status',
    updated_at = :now,
    version = version + 1
FROM planned
WHERE planned.kind = 'course'
    AND NOT planned.is_new
    AND course.id = planned.course_id
    AND (
        planned.before ->> 'code' <> planned.wanted ->> 'code'
        OR planned.before ->> 'section' IS DISTINCT FROM planned.wanted ->> 'section'
        OR planned.before ->> 'title' <> planned.wanted ->> 'title'
        OR lower(planned.before ->> 'term') IS DISTINCT FROM lower(planned.wanted ->> 'term')
        OR planned.before ->> 'status' <> planned.wanted ->> 'status'
    );
