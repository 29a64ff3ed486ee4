-- name: insert_incoming_disabled(source)!
-- Which disabled users have no row, while one of their enrollments, or its class, has? The row that the source sent last
-- counts again: it may be their first enrollment, or have been the last one.
INSERT INTO incoming (id, file, line, kind, sourced_id, is_deleted, is_wanted, content, number, known_id)
SELECT (SELECT max(id) FROM incoming) + row_number() OVER (ORDER BY person.id), place.file, place.line, person.kind,
    person.sourced_id, 0, true, person.content, person.taken ->> 'number', person.id
FROM (
    SELECT person.id, min(touched.place_id) AS place_id
    FROM (
        SELECT id AS place_id, user_ref FROM incoming WHERE kind = 'enrollments' AND is_wanted
        UNION ALL
        SELECT incoming.id, known.user_ref
        FROM incoming
        CROSS JOIN source_record AS known
        WHERE incoming.kind = 'enrollments' AND incoming.is_wanted AND known.id = incoming.known_id
        UNION ALL
        SELECT incoming.id, known.user_ref
        FROM incoming
        CROSS JOIN source_record AS class
        CROSS JOIN source_record AS known
        WHERE incoming.kind = 'classes'
            AND incoming.is_wanted
            AND class.id = incoming.known_id
            AND known.course_id = class.course_id
            AND known.kind = 'enrollments'
            AND known.source = :source
            AND known.is_current = 1
            AND known.is_deleted = 0
    ) AS touched
    CROSS JOIN source_record AS person
    WHERE person.kind = 'users'
        AND person.sourced_id = touched.user_ref
        AND person.source = :source
        AND person.is_current = 1
        AND person.is_deleted = 0
        AND person.content ->> 'enabledUser' = 'false'
        AND NOT EXISTS (
            SELECT 1 FROM incoming AS sent WHERE sent.kind = 'users' AND sent.sourced_id = person.sourced_id
        )
    GROUP BY person.id
) AS disabled
CROSS JOIN incoming AS place
CROSS JOIN source_record AS person
WHERE place.id = disabled.place_id AND person.id = disabled.id;

-- name: insert_said_users(source, key, no_name, today, ends)!
-- Which users are students, what is said of them, and who are they? A user who has the role, or is enrolled as
-- one, is a student. One who is enrolled, in a term that is not over, is active. The first of two with the same number
-- has it. ends: whether enrollments that have no row end.
WITH enrolled AS MATERIALIZED (
    SELECT place.user_ref
    FROM (
        SELECT user_ref, class_ref, content FROM incoming WHERE kind = 'enrollments' AND is_wanted AND is_deleted = 0
        UNION ALL
        SELECT user_ref, class_ref, content
        FROM source_record AS known
        WHERE kind = 'enrollments'
            AND source = :source
            AND is_current = 1
            AND is_deleted = 0
            AND NOT :ends
            AND NOT EXISTS (
                SELECT 1 FROM incoming
                WHERE incoming.kind = known.kind AND incoming.sourced_id = known.sourced_id AND incoming.is_wanted
            )
    ) AS place
    LEFT JOIN source_record AS class
        ON class.kind = 'classes'
        AND class.sourced_id = place.class_ref
        AND class.source = :source
        AND class.is_current = 1
    LEFT JOIN course ON course.id = class.course_id
    LEFT JOIN term ON term.code = course.term
    WHERE place.content ->> 'role' = 'student'
        AND place.user_ref IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 FROM incoming AS gone
            WHERE gone.kind = 'classes' AND gone.sourced_id = place.class_ref AND gone.is_deleted = 1
        )
        AND coalesce(place.content ->> 'endDate' > :today, true)
        -- With an outcome, it has ended on the day before its endDate: that may be today.
        AND (
            place.content ->> 'endDate' IS NULL
            OR coalesce(place.content ->> '$."metadata.outcome"', '') NOT IN ('completed', 'failed', 'dropped')
        )
        AND coalesce(term.end_on >= :today, true)
)

INSERT INTO said_student (incoming_id, record_id, student_id, last, number, given_name, family_name, email, status)
SELECT incoming_id, record_id,
    coalesce(student_id, (SELECT id FROM student WHERE student.id = own_id), exported_id), last,
    CASE
        WHEN row_number() OVER (PARTITION BY lower(number) ORDER BY is_deleted, incoming_id) = 1 THEN number
    END,
    given_name, family_name, email, status
FROM (
    SELECT incoming.id AS incoming_id, incoming.is_deleted, known.id AS record_id, known.student_id,
        known.taken AS last,
-- include: own_id.sql
        AS own_id,
-- include: exported_id.sql
        AS exported_id,
        incoming.number,
        CASE
            WHEN incoming.content ->> 'givenName' <> :no_name THEN incoming.content ->> 'givenName'
        END AS given_name,
        incoming.content ->> 'familyName' AS family_name,
        incoming.content ->> 'email' AS email,
        CASE
            WHEN incoming.is_deleted = 1 THEN 'inactive'
            WHEN incoming.content ->> 'enabledUser' = 'false'
                AND incoming.sourced_id NOT IN (SELECT user_ref FROM enrolled)
                THEN 'inactive'
            ELSE 'active'
        END AS status
    FROM (
        SELECT sourced_id FROM incoming
        WHERE kind = 'users' AND content ->> 'role' = 'student'
        UNION
        SELECT user_ref FROM incoming
        WHERE kind IN ('roles', 'enrollments') AND content ->> 'role' = 'student' AND is_deleted = 0
        UNION
        SELECT user_ref FROM source_record
        WHERE kind IN ('roles', 'enrollments')
            AND source = :source
            AND is_current = 1
            AND is_deleted = 0
            AND content ->> 'role' = 'student'
        UNION
        SELECT sourced_id FROM source_record
        WHERE kind = 'users' AND source = :source AND is_current = 1 AND student_id IS NOT NULL
    ) AS person
    CROSS JOIN incoming
    LEFT JOIN source_record AS known ON known.id = incoming.known_id
    WHERE incoming.kind = 'users'
        AND incoming.sourced_id = person.sourced_id
        AND incoming.is_wanted
        -- Who is gone, and was never here or is known as no student, is not made.
        AND (
            known.student_id IS NOT NULL
            OR incoming.is_deleted = 0
            OR known.id IS NULL AND incoming.content ->> 'familyName' IS NOT NULL
        )
) AS said
ORDER BY incoming_id;

-- name: insert_said_people()!
-- What do the rows of a list say of people? The first row of each counts: a student has a row for each course.
INSERT INTO said_student (incoming_id, person, number, name, given_name, family_name, email, status, groups)
SELECT id, user_ref, number, content ->> 'name', content ->> 'given_name', content ->> 'family_name', content ->> 'email',
    CASE WHEN content ->> 'status' IN ('active', 'inactive') THEN content ->> 'status' END, content ->> 'groups'
FROM (
    SELECT id, user_ref, number, content,
        row_number() OVER (PARTITION BY user_ref ORDER BY id) = 1 OR user_ref IS NULL AS is_first
    FROM incoming
    WHERE kind = 'list' AND is_wanted
) AS listed
WHERE is_first
ORDER BY id;

-- name: update_said_by_number(source)!
-- Who has the number is that student, unless this source knows the student under another id.
UPDATE said_student
SET student_id = student.id
FROM student
WHERE said_student.student_id IS NULL
    AND student.number = said_student.number
    AND NOT EXISTS (SELECT 1 FROM said_student AS other WHERE other.student_id = student.id)
    AND NOT EXISTS (
        SELECT 1 FROM source_record AS other
        WHERE other.student_id = student.id
            AND other.kind = 'users'
            AND other.source = :source
            AND other.is_current = 1
    );

-- name: insert_alike()!
-- Which rows may be which students by the address? A family shares one, so the given name must be the same too,
-- without case and accents, or the family name where one of them has no given name. A row without a name may be anyone
-- who has the address, and one with a name that is not split is who has both parts, in either order. Numbers must not
-- speak against it.
WITH RECURSIVE spelled (incoming_id, student_id, name, wanted, reversed, place, sort_key) AS (
    SELECT said.incoming_id, student.id,
        CASE
            WHEN said.name IS NOT NULL THEN said.name
            WHEN said.given_name IS NULL OR student.given_name IS NULL THEN said.family_name
            ELSE said.given_name
        END,
        CASE
            WHEN said.name IS NOT NULL THEN trim(student.given_sort || ' ' || student.family_sort)
            WHEN said.given_name IS NULL OR student.given_name IS NULL THEN student.family_sort
            ELSE student.given_sort
        END,
        CASE WHEN said.name IS NOT NULL THEN trim(student.family_sort || ' ' || student.given_sort) END,
        0, coalesce((SELECT base FROM letter WHERE letter = ''), '')
    FROM said_student AS said
    CROSS JOIN student
    WHERE said.student_id IS NULL
        AND student.email = said.email
        AND (student.number IS NULL OR said.number IS NULL)
    UNION ALL
    SELECT incoming_id, student_id, name, wanted, reversed, place + 1, sort_key || coalesce(
            (SELECT base FROM letter WHERE letter = substr(name, place + 1, 1)),
            substr(name, place + 1, 1)
        )
    FROM spelled
    WHERE place < length(name)
)

INSERT INTO alike (incoming_id, student_id)
SELECT incoming_id, student_id
FROM spelled
WHERE name IS NULL OR place = length(name) AND sort_key IN (wanted, reversed);

-- name: update_said_by_email(source)!
-- Who is alike is that student, if no one else is, here or there.
UPDATE said_student
SET student_id = found.student_id
FROM (
    SELECT incoming_id, student_id,
        count(*) OVER (PARTITION BY incoming_id) AS students, count(*) OVER (PARTITION BY student_id) AS people
    FROM alike
    WHERE NOT EXISTS (SELECT 1 FROM said_student AS other WHERE other.student_id = alike.student_id)
        AND NOT EXISTS (
            SELECT 1 FROM source_record AS other
            WHERE other.student_id = alike.student_id
                AND other.kind = 'users'
                AND other.source = :source
                AND other.is_current = 1
        )
) AS found
WHERE said_student.incoming_id = found.incoming_id AND found.students = 1 AND found.people = 1;

-- name: update_said_renamed_by_number(source)!
-- Whose number had the source under another id, which no row has any more?
UPDATE said_student
SET renamed_id = known.id
FROM student
CROSS JOIN source_record AS known
WHERE said_student.student_id IS NULL
    AND student.number = said_student.number
    AND known.student_id = student.id
    AND known.kind = 'users'
    AND known.source = :source
    AND known.is_current = 1
    AND NOT EXISTS (
        SELECT 1 FROM incoming AS old
        WHERE old.kind = 'users' AND old.sourced_id = known.sourced_id AND old.is_deleted = 0
    );

-- name: update_said_renamed_by_email(source)!
-- Who is alike, alone here and there, and had in the source another id, which no row has any more?
UPDATE said_student
SET renamed_id = known.id
FROM (
    SELECT incoming_id, student_id,
        count(*) OVER (PARTITION BY incoming_id) AS students, count(*) OVER (PARTITION BY student_id) AS people
    FROM alike
) AS found
CROSS JOIN source_record AS known
WHERE said_student.incoming_id = found.incoming_id
    AND found.students = 1
    AND found.people = 1
    AND said_student.student_id IS NULL
    AND said_student.renamed_id IS NULL
    AND known.student_id = found.student_id
    AND known.kind = 'users'
    AND known.source = :source
    AND known.is_current = 1
    AND NOT EXISTS (
        SELECT 1 FROM incoming AS old
        WHERE old.kind = 'users' AND old.sourced_id = known.sourced_id AND old.is_deleted = 0
    )
    AND NOT EXISTS (SELECT 1 FROM said_student AS other WHERE other.renamed_id = known.id);

-- name: insert_renamed_faults(relinks)!
-- Who may be, or with `relinks` is, a student whom the source had under another id?
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, 'sourcedId', incoming.sourced_id, 'renamed_id', 'warning',
    CASE
        WHEN :relinks THEN 'This is ' || coalesce(student.given_name || ' ', '') || student.family_name
            || ', who had the id ' || known.sourced_id || ' there.'
        ELSE 'The number or address is that of ' || coalesce(student.given_name || ' ', '') || student.family_name
            || ', who had the id ' || known.sourced_id || ' there. If they are one person, use relink.'
    END
FROM said_student
CROSS JOIN incoming
CROSS JOIN source_record AS known
CROSS JOIN student
WHERE said_student.renamed_id IS NOT NULL
    AND incoming.id = said_student.incoming_id
    AND known.id = said_student.renamed_id
    AND student.id = known.student_id;

-- name: delete_said_of_old_ids()!
-- A row that deletes the old id of a student says nothing of the student.
DELETE FROM said_student
WHERE record_id IN (SELECT renamed_id FROM said_student WHERE renamed_id IS NOT NULL);

-- name: update_said_relinked()!
-- Which users are students whom the source had under another id? What it said last of them counts.
UPDATE said_student
SET student_id = known.student_id, last = known.taken
FROM source_record AS known
WHERE known.id = said_student.renamed_id;

-- name: insert_records_of_old_ids(import_id)!
-- Keep that the old ids are no longer there, and are no students.
INSERT INTO source_record (
    first_id, import_id, source, kind, sourced_id, is_deleted, content, user_ref, class_ref, taken
)
SELECT coalesce(known.first_id, known.id), :import_id, known.source, known.kind, known.sourced_id, 1, known.content,
    known.user_ref, known.class_ref, known.taken
FROM said_student
CROSS JOIN source_record AS known
WHERE said_student.renamed_id IS NOT NULL AND known.id = said_student.renamed_id
ORDER BY known.id
ON CONFLICT (kind, sourced_id, source, import_id) DO UPDATE SET student_id = NULL;

-- name: insert_references_to_old_ids(import_id, source)!
-- Keep that what named the old ids names the new ones.
WITH moved AS MATERIALIZED (
    SELECT old.sourced_id AS old_ref, incoming.sourced_id AS new_ref,
        '"userSourcedId":' || trim(CAST(json_array(old.sourced_id) AS text), '[]') AS old_cell,
        '"userSourcedId":' || trim(CAST(json_array(incoming.sourced_id) AS text), '[]') AS new_cell
    FROM said_student
    CROSS JOIN incoming
    CROSS JOIN source_record AS old
    WHERE said_student.renamed_id IS NOT NULL
        AND incoming.id = said_student.incoming_id
        AND old.id = said_student.renamed_id
)

INSERT INTO source_record (
    first_id, import_id, source, kind, sourced_id, is_deleted, content, user_ref, class_ref, taken, student_id,
    course_id, event_id
)
SELECT coalesce(known.first_id, known.id), :import_id, known.source, known.kind, known.sourced_id, known.is_deleted,
    replace(known.content, moved.old_cell, moved.new_cell), moved.new_ref, known.class_ref, known.taken,
    known.student_id, known.course_id, known.event_id
FROM source_record AS known
CROSS JOIN moved
WHERE known.kind IN ('roles', 'enrollments')
    AND known.source = :source
    AND known.is_current = 1
    AND known.user_ref = moved.old_ref
ORDER BY known.id
ON CONFLICT (kind, sourced_id, source, import_id) DO UPDATE
SET content = excluded.content, user_ref = excluded.user_ref;

-- name: insert_erased_faults()!
-- Who was erased, and is in the source as before?
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, 'sourcedId', incoming.sourced_id, 'erased_person', 'warning',
    'The person who had this id was erased here, and is here again. Erase the person in the source first.'
FROM incoming
CROSS JOIN source_record AS known
WHERE incoming.kind = 'users'
    AND incoming.is_wanted
    AND incoming.is_deleted = 0
    AND known.id = incoming.known_id
    AND known.content ->> 'sourcedId' IS NULL;

-- name: insert_taken_ids_faults(source)!
-- Which new users are none of our students, and have an id that another system has for someone else? Only students have
-- an id of ours in its place.
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, 'sourcedId', incoming.sourced_id, 'id_taken', 'warning',
    'The system ' || min(other.source) || ' has this id for someone else: an export leaves one of the two out.'
FROM incoming
CROSS JOIN source_record AS other
WHERE incoming.kind = 'users'
    AND incoming.is_wanted
    AND incoming.is_deleted = 0
    AND NOT EXISTS (SELECT 1 FROM said_student WHERE said_student.incoming_id = incoming.id)
    AND incoming.known_id IS NULL
    AND other.kind = 'users'
    AND other.sourced_id = incoming.sourced_id
    AND other.source <> :source
    AND other.is_current = 1
    AND (
        lower(other.content ->> 'familyName') IS DISTINCT FROM lower(incoming.content ->> 'familyName')
        OR lower(other.content ->> 'givenName') IS DISTINCT FROM lower(incoming.content ->> 'givenName')
    )
GROUP BY incoming.id, incoming.file, incoming.line, incoming.sourced_id;

-- name: update_said_staying(source, ends)!
-- Which students are gone by their row, and are here by another row of theirs, or by another record, of any source? ends:
-- whether users who have no row are gone.
UPDATE said_student
SET stays = true
WHERE status = 'inactive'
    AND (
        EXISTS (
            SELECT 1 FROM said_student AS other
            WHERE other.student_id = said_student.student_id AND other.status = 'active'
        )
        OR EXISTS (
            SELECT 1 FROM source_record AS other
            WHERE other.student_id = said_student.student_id
                AND other.kind = 'users'
                AND other.is_current = 1
                AND other.is_deleted = 0
                AND other.taken ->> 'status' = 'active'
                AND NOT EXISTS (SELECT 1 FROM said_student AS renamed WHERE renamed.renamed_id = other.id)
                AND (
                    other.source <> :source
                    OR NOT :ends
                    AND NOT EXISTS (
                        SELECT 1 FROM incoming WHERE incoming.kind = 'users' AND incoming.sourced_id = other.sourced_id
                    )
                )
        )
    );

-- name: update_said_of_spare_records()!
-- A row that deletes one of several records of a student who stays says nothing new of the student.
UPDATE said_student
SET number = last ->> 'number', given_name = last ->> 'given_name', family_name = last ->> 'family_name',
    email = last ->> 'email'
WHERE stays
    AND last IS NOT NULL
    AND incoming_id IN (SELECT id FROM incoming WHERE is_deleted = 1);

-- name: insert_planned_students()!
-- What becomes of each student that the rows name? A value is taken where the source has changed it; a change made
-- here stays. A number that another student has is taken only if that student gets another one at the same time: of
-- held, gives says whether the source gives the other one another, and blocked are those who cannot have the number.
-- Which number a student keeps instead is noted, so that a change of it here shows the next time.
WITH RECURSIVE held AS MATERIALIZED (
    SELECT said.incoming_id, said.student_id, other.id AS other_id,
        EXISTS (
            SELECT 1 FROM said_student AS giver
            WHERE giver.student_id = other.id
                AND other.number IS DISTINCT FROM giver.number
                AND CASE
                    WHEN giver.last IS NULL THEN giver.number IS NOT NULL
                    ELSE giver.number IS DISTINCT FROM CAST(giver.last ->> 'number' AS citext)
                END
        ) AS gives
    FROM said_student AS said
    CROSS JOIN student AS other
    WHERE other.number = said.number
        AND other.id IS DISTINCT FROM said.student_id
        -- Where the source has not changed it, a number that was changed here is not wanted.
        AND said.number IS DISTINCT FROM said.last ->> 'number'
),

blocked (incoming_id, student_id) AS (
    SELECT incoming_id, student_id FROM held WHERE NOT gives
    UNION
    SELECT held.incoming_id, held.student_id
    FROM blocked
    CROSS JOIN held
    WHERE held.other_id = blocked.student_id
)

INSERT INTO planned (kind, incoming_id, record_id, student_id, is_new, is_ended, taken, before, wanted)
SELECT 'student', incoming_id, record_id, id, id IS NULL,
    id IS NOT NULL
        AND coalesce(status, '') = 'inactive'
        AND coalesce(last ->> 'status', '') <> 'inactive'
        AND NOT stays
        AND old_status = 'active',
    CASE
        WHEN record_id IS NOT NULL OR is_user THEN json_object(
            'number', CASE WHEN is_number_free THEN number END,
            'kept_number', CASE WHEN NOT is_number_free THEN old_number END,
            'given_name', given_name, 'family_name', family_name, 'email', email, 'status', status
        )
    END,
    CASE
        WHEN id IS NOT NULL THEN json_object(
            'number', old_number, 'given_name', old_given_name, 'family_name', old_family_name,
            'email', old_email, 'status', old_status, 'groups', old_groups
        )
    END,
    json_object(
        'number', CASE
            WHEN id IS NULL THEN CASE WHEN is_number_free THEN number END
            WHEN last IS NOT NULL AND number IS NOT DISTINCT FROM last ->> 'number' THEN old_number
            WHEN last IS NULL AND number IS NULL OR NOT is_number_free THEN old_number
            ELSE number
        END,
        'given_name', CASE
            WHEN id IS NULL THEN given_name
            WHEN last IS NOT NULL AND given_name IS NOT DISTINCT FROM last ->> 'given_name' THEN old_given_name
            WHEN last IS NULL AND given_name IS NULL THEN old_given_name
            ELSE given_name
        END,
        'family_name', CASE
            WHEN id IS NULL THEN family_name
            WHEN family_name IS NULL OR family_name IS NOT DISTINCT FROM last ->> 'family_name' THEN old_family_name
            ELSE family_name
        END,
        'email', CASE
            WHEN id IS NULL THEN email
            WHEN last IS NOT NULL AND email IS NOT DISTINCT FROM last ->> 'email' THEN old_email
            WHEN last IS NULL AND email IS NULL THEN old_email
            ELSE email
        END,
        'status', CASE
            WHEN id IS NULL THEN coalesce(status, 'active')
            WHEN status IS NULL OR stays OR status IS NOT DISTINCT FROM last ->> 'status' THEN old_status
            ELSE status
        END,
        'groups', coalesce(groups, old_groups, '[]')
    )
FROM (
    SELECT said.incoming_id, said.record_id, said.last, said.number, said.given_name,
        said.family_name, said.email, said.status, said.stays, said.groups, incoming.kind = 'users' AS is_user,
        said.incoming_id NOT IN (SELECT incoming_id FROM blocked) AS is_number_free,
        student.id, student.number AS old_number, student.given_name AS old_given_name,
        student.family_name AS old_family_name, student.email AS old_email, student.status AS old_status,
        student.groups AS old_groups
    FROM said_student AS said
    CROSS JOIN incoming
    LEFT JOIN student ON student.id = said.student_id
    WHERE incoming.id = said.incoming_id
        AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.student_id = said.student_id)
) AS matched
ORDER BY incoming_id;

-- name: insert_missing_students(source)!
-- Which students have no row any more? They become inactive, unless another row or another source has them. Those who
-- take courses that are not of this source are looked at again next time.
INSERT INTO planned (kind, record_id, student_id, is_ended, taken, before, wanted)
SELECT 'student', known.id, student.id, NOT known.stays AND student.status = 'active',
    json_object(
        'number', known.taken ->> 'number', 'given_name', known.taken ->> 'given_name',
        'family_name', known.taken ->> 'family_name', 'email', known.taken ->> 'email', 'status', 'inactive'
    ),
    json_object(
        'number', student.number, 'given_name', student.given_name, 'family_name', student.family_name,
        'email', student.email, 'status', student.status, 'groups', student.groups
    ),
    json_object(
        'number', student.number, 'given_name', student.given_name, 'family_name', student.family_name,
        'email', student.email, 'status', CASE WHEN known.stays THEN student.status ELSE 'inactive' END,
        'groups', student.groups
    )
FROM (
    SELECT missing.id, missing.student_id, missing.taken,
        EXISTS (
            SELECT 1 FROM said_student
            WHERE said_student.student_id = missing.student_id AND said_student.status = 'active'
        )
        OR EXISTS (
            SELECT 1 FROM source_record AS other
            WHERE other.student_id = missing.student_id
                AND other.kind = 'users'
                AND other.source <> :source
                AND other.is_current = 1
                AND other.is_deleted = 0
                AND other.taken ->> 'status' = 'active'
        ) AS stays
    FROM source_record AS missing
    WHERE missing.kind = 'users'
        AND missing.source = :source
        AND missing.is_current = 1
        AND missing.is_deleted = 0
        AND NOT EXISTS (
            SELECT 1 FROM incoming WHERE incoming.kind = 'users' AND incoming.sourced_id = missing.sourced_id
        )
        -- What names the old id of a student who has a new one is moved.
        AND NOT EXISTS (
            SELECT 1 FROM said_student
            WHERE said_student.renamed_id = missing.id AND said_student.student_id = missing.student_id
        )
) AS known
CROSS JOIN student
WHERE student.id = known.student_id
    AND (
        known.stays
        OR NOT EXISTS (
            SELECT 1 FROM student_course
            WHERE student_course.student_id = known.student_id
                AND student_course.status = 'enrolled'
                AND NOT EXISTS (
                    SELECT 1 FROM source_record AS place
                    WHERE place.student_id = known.student_id
                        AND place.course_id = student_course.course_id
                        AND place.kind = 'enrollments'
                        AND place.source = :source
                        AND place.is_current = 1
                )
        )
    )
ORDER BY known.id;

-- name: insert_student_faults()!
-- Which numbers and addresses are those of other students, and which changes made here does the source override?
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, CASE incoming.kind WHEN 'list' THEN 'number' ELSE 'identifier' END,
    said.number, 'number_taken', 'warning',
    'The number is that of ' || coalesce(other.given_name || ' ', '') || other.family_name || ', and is not taken.'
FROM said_student AS said
CROSS JOIN incoming
CROSS JOIN student AS other
WHERE incoming.id = said.incoming_id
    AND other.number = said.number
    AND other.id IS DISTINCT FROM said.student_id
    AND said.number IS DISTINCT FROM said.last ->> 'number'
    AND NOT EXISTS (
        SELECT 1 FROM planned
        WHERE planned.incoming_id = incoming.id AND planned.wanted ->> 'number' = said.number
    )
UNION ALL
SELECT incoming.file, incoming.line, 'email', said.email, 'email_taken', 'warning',
    'The address is also that of ' || coalesce(other.given_name || ' ', '') || other.family_name
        || '. This is a new student.'
FROM planned
CROSS JOIN said_student AS said
CROSS JOIN incoming
CROSS JOIN student AS other
WHERE planned.kind = 'student'
    AND planned.is_new
    AND said.incoming_id = planned.incoming_id
    AND incoming.id = planned.incoming_id
    AND other.id = (SELECT min(same.id) FROM student AS same WHERE same.email = said.email)
UNION ALL
SELECT incoming.file, incoming.line, 'identifier', incoming.content ->> 'identifier', 'invalid_value', 'warning',
    'The number is left out: expected at most 32 letters, digits and signs of ASCII, without spaces.'
FROM said_student AS said
CROSS JOIN incoming
WHERE incoming.id = said.incoming_id
    AND incoming.kind = 'users'
    AND incoming.number IS NULL
    AND incoming.content ->> 'identifier' IS NOT NULL
UNION ALL
SELECT incoming.file, incoming.line, 'enabledUser', 'false', 'not_kept', 'warning',
    'The user is not enabled, but is enrolled in a class: the student stays active.'
FROM said_student AS said
CROSS JOIN incoming
WHERE incoming.id = said.incoming_id
    AND incoming.is_deleted = 0
    AND incoming.content ->> 'enabledUser' = 'false'
    AND said.status = 'active'
UNION ALL
SELECT incoming.file, incoming.line, 'role', incoming.content ->> 'role', 'not_kept', 'warning',
    'The user is no student any more. The student stays active here: make the student inactive, if that is wanted.'
FROM said_student AS said
CROSS JOIN incoming
CROSS JOIN source_record AS known
WHERE incoming.id = said.incoming_id
    AND incoming.is_deleted = 0
    AND incoming.content ->> 'role' <> 'student'
    AND said.status = 'active'
    AND known.id = said.record_id
    AND known.content ->> 'role' = 'student'
    AND NOT EXISTS (
        SELECT 1 FROM incoming AS place
        WHERE place.kind = 'enrollments'
            AND place.user_ref = incoming.sourced_id
            AND place.content ->> 'role' = 'student'
    )
UNION ALL
SELECT incoming.file, incoming.line, said.field, said.value, 'local_change_overwritten', 'warning',
    'It was changed here, and there since. What the source says was taken.'
FROM (
    SELECT incoming_id, 'family_name' AS field, family_name AS value, last ->> 'family_name' AS last, student_id
    FROM said_student
    UNION ALL
    SELECT incoming_id, 'given_name', given_name, last ->> 'given_name', student_id FROM said_student
    UNION ALL
    SELECT incoming_id, 'email', email, last ->> 'email', student_id FROM said_student
    UNION ALL
    SELECT incoming_id, 'number', number, coalesce(last ->> 'number', last ->> 'kept_number'), student_id
    FROM said_student
) AS said
CROSS JOIN incoming
CROSS JOIN planned
WHERE incoming.id = said.incoming_id
    AND incoming.kind = 'users'
    AND planned.incoming_id = said.incoming_id
    AND planned.record_id IS NOT NULL
    AND said.student_id IS NOT NULL
    AND said.value IS DISTINCT FROM said.last
    AND planned.before ->> said.field IS DISTINCT FROM said.last
    AND planned.before ->> said.field IS DISTINCT FROM said.value
    AND planned.wanted ->> said.field IS NOT DISTINCT FROM said.value;

-- name: update_said_names()!
-- A name of two words of a new student is a given name and a family name.
UPDATE said_student
SET given_name = trim(rtrim(name, replace(name, ' ', ''))),
    family_name = substr(name, length(rtrim(name, replace(name, ' ', ''))) + 1)
WHERE student_id IS NULL AND name LIKE '% %' AND name NOT LIKE '% % %';

-- name: list_other_names()
-- Which students have another name in the files than here? Where the source has not changed it, that is no news.
SELECT said.incoming_id, coalesce(said.name, coalesce(said.given_name || ' ', '') || said.family_name) AS said_name,
    coalesce(planned.before ->> 'given_name' || ' ', '') || (planned.before ->> 'family_name') AS own_name
FROM planned
CROSS JOIN said_student AS said
WHERE planned.kind = 'student'
    AND planned.before IS NOT NULL
    AND said.incoming_id = planned.incoming_id
    AND coalesce(said.name, said.family_name) IS DISTINCT FROM said.last ->> 'family_name'
    AND coalesce(said.name, said.family_name) <> planned.before ->> 'family_name';

-- name: insert_other_name_faults(names)!
-- Which ids and numbers may be those of two people? names is a JSON array of the columns of list_other_names.
INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line,
    CASE WHEN incoming.kind = 'list' THEN 'number' WHEN said.record_id IS NULL THEN 'identifier' ELSE 'sourcedId' END,
    CASE WHEN said.record_id IS NULL THEN said.number ELSE incoming.sourced_id END,
    'other_name', 'warning',
    'This is ' || (other.value ->> 2) || ' here, and ' || (other.value ->> 1)
        || ' in the file: check that they are one person.'
FROM json_each(:names) AS other
CROSS JOIN said_student AS said
CROSS JOIN incoming
WHERE said.incoming_id = CAST(other.value ->> 0 AS bigint) AND incoming.id = said.incoming_id
ORDER BY other.key;

-- name: insert_people_faults(creates)!
-- Which rows of a list name no one: without a number and an address, or someone who is not here and is not to be
-- created, or can't be? And which new students have a name that was taken apart? Who has the same number but for zeros
-- before it may be meant.
WITH likely AS MATERIALIZED (
    SELECT said.incoming_id, min(bare.id) AS student_id
    FROM said_student AS said
    CROSS JOIN (
        SELECT id, ltrim(lower(number), '0') AS number FROM student WHERE number IS NOT NULL
    ) AS bare
    WHERE said.student_id IS NULL AND NOT :creates AND bare.number = ltrim(lower(said.number), '0')
    GROUP BY said.incoming_id
)

INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, place, value, code, CASE code WHEN 'mended_value' THEN 'warning' ELSE 'error' END,
    detail
FROM (
    SELECT incoming_id, person, NULL AS place, NULL AS value, 'missing_value' AS code,
        'Neither a number nor an email says who it is. Names alone are not enough.' AS detail
    FROM said_student
    WHERE number IS NULL AND email IS NULL
    UNION ALL
    SELECT said.incoming_id, said.person, NULL, NULL, 'unresolved_reference',
        'There is no such student. ' || CASE
            WHEN other.id IS NULL THEN 'Correct the row, or choose to create students who are not here yet.'
            ELSE 'This may be ' || coalesce(other.given_name || ' ', '') || other.family_name || ', number '
                || other.number || ': then correct the number.'
                || ' Else choose to create students who are not here yet.'
        END
    FROM said_student AS said
    LEFT JOIN likely ON likely.incoming_id = said.incoming_id
    LEFT JOIN student AS other ON other.id = likely.student_id
    WHERE (said.number IS NOT NULL OR said.email IS NOT NULL) AND said.student_id IS NULL AND NOT :creates
    UNION ALL
    SELECT incoming_id, person, 'family_name', NULL, 'missing_value', 'The family name is blank.'
    FROM said_student
    WHERE (number IS NOT NULL OR email IS NOT NULL) AND student_id IS NULL AND :creates AND family_name IS NULL
        AND name IS NULL
    UNION ALL
    SELECT incoming_id, person, 'name', name, 'invalid_value',
        'Say which part is the family name of the new student: write it first, with a comma behind it.'
    FROM said_student
    WHERE (number IS NOT NULL OR email IS NOT NULL) AND student_id IS NULL AND :creates AND family_name IS NULL
        AND name IS NOT NULL
    UNION ALL
    SELECT incoming_id, person, 'name', name, 'mended_value',
        'Read as the given name ' || given_name || ' and the family name ' || family_name || '.'
    FROM said_student
    WHERE student_id IS NULL AND :creates AND family_name IS NOT NULL AND name IS NOT NULL
) AS faulty
CROSS JOIN incoming
WHERE incoming.is_wanted AND (incoming.id = faulty.incoming_id OR incoming.user_ref = faulty.person);

-- name: delete_said_unwanted()!
DELETE FROM said_student
WHERE incoming_id IN (SELECT id FROM incoming WHERE NOT is_wanted);

-- name: update_planned_unchanged()!
-- The list of a course changes no one who is here already.
UPDATE planned
SET wanted = before, is_ended = false
WHERE kind = 'student' AND NOT is_new;

-- name: insert_students(now)!
-- Add the new students.
INSERT INTO student (number, given_name, family_name, email, status, groups, updated_at)
SELECT wanted ->> 'number', wanted ->> 'given_name', wanted ->> 'family_name', wanted ->> 'email',
    wanted ->> 'status', wanted ->> 'groups', :now
FROM planned
WHERE kind = 'student' AND is_new
ORDER BY id;

-- name: get_last_student_id()^
-- What is the highest id of a student? 0: there is none.
SELECT coalesce(max(id), 0) AS id
FROM student;

-- name: update_planned_nth()!
-- Number the new students in their order.
UPDATE planned
SET nth = ranked.nth
FROM (
    SELECT id, row_number() OVER (ORDER BY id) AS nth FROM planned WHERE kind = 'student' AND is_new
) AS ranked
WHERE planned.id = ranked.id;

-- name: update_planned_students(after_id)!
-- Note which students the new ones are: ids rise in the order in which students are added. With `= true`, the index of
-- all three columns is used; else this takes the square of its time.
UPDATE planned
SET student_id = made.id
FROM (SELECT id, row_number() OVER (ORDER BY id) AS nth FROM student WHERE id > :after_id) AS made
WHERE planned.kind = 'student' AND planned.is_new = true AND planned.nth = made.nth;

-- name: update_students(now, frees)!
-- Change the students who are to change. With `frees`, only those whose number another student gets, and leave them
-- without one: no two have the same, not even for a moment. Without it, the others, and these get their new numbers. Of
-- two rows that change one student, after a merge, the last counts.
UPDATE student
SET number = CASE WHEN NOT :frees THEN planned.wanted ->> 'number' END,
    given_name = planned.wanted ->> 'given_name',
    family_name = planned.wanted ->> 'family_name',
    email = planned.wanted ->> 'email',
    status = planned.wanted ->> 'status',
    groups = planned.wanted ->> 'groups',
    updated_at = :now,
    version = version + 1
FROM planned
WHERE planned.kind = 'student'
    AND NOT planned.is_new
    AND student.id = planned.student_id
    AND planned.id IN (
        SELECT max(id) FROM planned
        WHERE kind = 'student' AND NOT is_new AND before <> wanted
        GROUP BY student_id
    )
    AND CASE
        WHEN :frees THEN lower(planned.before ->> 'number') IS DISTINCT FROM lower(planned.wanted ->> 'number')
            AND lower(planned.before ->> 'number') IN (
                SELECT lower(other.wanted ->> 'number') FROM planned AS other WHERE other.kind = 'student'
            )
        ELSE student.number IS NOT NULL
            OR planned.before ->> 'number' IS NULL
            OR planned.wanted ->> 'number' IS NOT NULL
    END;

-- name: insert_duplicate_faults(after_id)!
-- Which new students may be someone who was here before: with the same whole name, without case and accents, or with
-- the same number but for zeros before it, also in the same files? after_id is the highest id of those who were here.
WITH numbered AS MATERIALIZED (
    SELECT id, first_id
    FROM (
        SELECT id, min(id) OVER (PARTITION BY ltrim(lower(number), '0')) AS first_id
        FROM student
        WHERE number IS NOT NULL
    ) AS alike
    WHERE first_id < id
)

INSERT INTO import_fault (file, line, place, value, code, severity, detail)
SELECT incoming.file, incoming.line, NULL, NULL, 'possible_duplicate', 'warning',
    'This may be ' || coalesce(other.given_name || ' ', '') || other.family_name
        || coalesce(', number ' || other.number, '') || '. A new student is created.'
FROM (
    SELECT planned.incoming_id, min(other.id) AS other_id
    FROM planned
    CROSS JOIN student AS made
    CROSS JOIN student AS other
    WHERE planned.kind = 'student'
        AND planned.is_new
        AND made.id = planned.student_id
        AND other.family_sort = made.family_sort
        AND other.given_sort = made.given_sort
        AND other.id <= :after_id
    GROUP BY planned.incoming_id
    UNION
    SELECT planned.incoming_id, numbered.first_id
    FROM planned
    CROSS JOIN numbered
    WHERE planned.kind = 'student'
        AND planned.is_new
        AND numbered.id = planned.student_id
) AS alike
CROSS JOIN student AS other
CROSS JOIN incoming
WHERE other.id = alike.other_id AND incoming.id = alike.incoming_id;
