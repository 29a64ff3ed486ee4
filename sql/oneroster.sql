-- name: list_students(key, school, course_id, role, source)
-- Which students are there, by their ids? Each column that can be searched is as it is shown. :role is the role that
-- they must have, and :course_id the course that they must be in, if they are set.
SELECT student.id AS ordinal, student.id, student.number, student.given_name, student.family_name, student.email,
    student.status, known.sourced_id, lower(known.source) AS source, known.content, known.taken,
    known.is_deleted,
-- include: user_changed_at.sql
    AS updated_at,
    coalesce(
        known.sourced_id,
        :key || '-student-' || substr('0000000000', 1 + length(CAST(student.id AS text))) || student.id
    ) AS shown_id,
    'active' AS shown_status,
    CASE
        WHEN student.status = known.taken ->> 'status' AND known.is_deleted = 0
            THEN coalesce(known.content ->> 'enabledUser', 'true')
        WHEN student.status = 'active' THEN 'true'
        ELSE 'false'
    END AS shown_enabled,
    CASE
        WHEN known.id IS NULL THEN coalesce(
            student.number, student.email,
            :key || '-student-' || substr('0000000000', 1 + length(CAST(student.id AS text))) || student.id
        )
        ELSE coalesce(
            known.content ->> 'username', known.content ->> 'identifier', known.content ->> 'email', known.sourced_id
        )
    END AS shown_username,
    CASE
        WHEN student.given_name IS NOT DISTINCT FROM CAST(known.taken ->> 'given_name' AS citext)
            THEN coalesce(known.content ->> 'givenName', '-')
        ELSE student.given_name
    END AS shown_given,
    CASE
        WHEN student.family_name IS NOT DISTINCT FROM CAST(known.taken ->> 'family_name' AS citext)
            THEN known.content ->> 'familyName'
        ELSE student.family_name
    END AS shown_family,
    CASE
        WHEN student.number IS NOT DISTINCT FROM CAST(known.taken ->> 'number' AS citext)
            THEN known.content ->> 'identifier'
        ELSE student.number
    END AS shown_identifier,
    CASE
        WHEN student.email IS NOT DISTINCT FROM CAST(known.taken ->> 'email' AS citext) THEN known.content ->> 'email'
        ELSE student.email
    END AS shown_email,
    'student' AS shown_role,
    coalesce(
        (
            SELECT group_concat(role.content ->> 'orgSourcedId', ',') FROM exported_record AS role
            WHERE role.user_ref = known.sourced_id AND role.kind = 'roles' AND role.source = known.source
                AND role.is_deleted = 0
        ),
        known.content ->> 'orgSourcedIds',
        :school
    ) AS orgs,
-- include: agents_of_user.sql
FROM student
LEFT JOIN source_record AS known ON known.id = (
    SELECT record.id FROM exported_record AS record
    WHERE record.student_id = student.id AND record.kind = 'users'
    ORDER BY record.first_id
    LIMIT 1
)
WHERE coalesce(:role, 'student') = 'student'
    AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.student_id = student.id)
    AND (
        :course_id IS NULL
        OR EXISTS (
            SELECT 1 FROM student_course AS place
            WHERE place.student_id = student.id AND place.course_id = :course_id
                AND place.status IN ('enrolled', 'completed')
        )
    );

-- name: list_people(school, course_id, role, source)
-- Which users of other systems are none of our students?
SELECT known.first_id AS ordinal, known.sourced_id, lower(known.source) AS source, known.content,
    import.made_at AS updated_at,
    known.sourced_id AS shown_id,
    'active' AS shown_status,
    coalesce(known.content ->> 'enabledUser', 'true') AS shown_enabled,
    coalesce(
        known.content ->> 'username', known.content ->> 'identifier', known.content ->> 'email', known.sourced_id
    ) AS shown_username,
    coalesce(known.content ->> 'givenName', '-') AS shown_given,
    known.content ->> 'familyName' AS shown_family,
    known.content ->> 'identifier' AS shown_identifier,
    known.content ->> 'email' AS shown_email,
    coalesce(role.content ->> 'role', known.content ->> 'role', 'relative') AS shown_role,
    coalesce(role.content ->> 'orgSourcedId', known.content ->> 'orgSourcedIds', :school) AS orgs,
-- include: agents_of_user.sql
FROM exported_record AS known
CROSS JOIN import
LEFT JOIN source_record AS role ON role.id = (
    SELECT min(record.id) FROM exported_record AS record
    WHERE record.user_ref = known.sourced_id AND record.kind = 'roles' AND record.source = known.source
        AND record.is_deleted = 0
)
WHERE known.kind = 'users'
    AND known.is_deleted = 0
    AND known.student_id IS NULL
    AND import.id = known.import_id
    AND (:role IS NULL OR coalesce(role.content ->> 'role', known.content ->> 'role', 'relative') = :role)
    AND (
        :course_id IS NULL
        OR EXISTS (
            SELECT 1
            FROM exported_record AS place
            CROSS JOIN source_record AS class
            WHERE place.kind = 'enrollments' AND place.user_ref = known.sourced_id AND place.is_deleted = 0
                AND place.source = known.source AND place.content ->> 'role' = coalesce(:role, 'teacher')
                AND class.kind = 'classes' AND class.sourced_id = place.class_ref AND class.source = place.source
                AND class.is_current = 1 AND class.course_id = :course_id
        )
    );

-- name: list_stretches(key, school, with_history)
-- Which enrollments of students are there, by their first events? One that ended with a drop is to be deleted. The
-- outcome is no join as in end_of_stretch.sql: that would be made for all rows, also where they are only counted.
SELECT stretch.event_id AS ordinal, stretch.id, stretch.student_id, stretch.course_id,
    stretch.began_at, stretch.status, stretch.ended_at,
-- include: changed_at.sql
    known.sourced_id, lower(known.source) AS source, known.content, known.taken, known.is_deleted,
-- include: left_at.sql
    CASE stretch.status
        WHEN 'completed' THEN (
            SELECT ending.passed FROM enrollment_event AS ending
            WHERE ending.student_id = stretch.student_id AND ending.course_id = stretch.course_id
                AND ending.id > stretch.event_id
                AND ending.superseded_by IS NULL
            ORDER BY ending.id
            LIMIT 1
        )
    END AS passed,
    CASE stretch.status
        WHEN 'completed' THEN (
            SELECT ending.grade FROM enrollment_event AS ending
            WHERE ending.student_id = stretch.student_id AND ending.course_id = stretch.course_id
                AND ending.id > stretch.event_id
                AND ending.superseded_by IS NULL
            ORDER BY ending.id
            LIMIT 1
        )
    END AS grade,
    coalesce(
        known.sourced_id,
        :key || '-enrollment-' || substr('0000000000', 1 + length(CAST(stretch.id AS text))) || stretch.id
    ) AS shown_id,
    CASE stretch.status WHEN 'dropped' THEN 'tobedeleted' ELSE 'active' END AS shown_status,
    'student' AS shown_role,
    coalesce(
        (
            SELECT person.sourced_id FROM exported_record AS person
            WHERE person.student_id = stretch.student_id AND person.kind = 'users'
            ORDER BY person.first_id
            LIMIT 1
        ),
        :key || '-student-' || substr('0000000000', 1 + length(CAST(stretch.student_id AS text))) || stretch.student_id
    ) AS user_id,
    coalesce(
        (
            SELECT record.sourced_id FROM exported_record AS record
            WHERE record.course_id = stretch.course_id AND record.kind = 'classes'
            ORDER BY record.first_id
            LIMIT 1
        ),
        :key || '-class-' || substr('0000000000', 1 + length(CAST(stretch.course_id AS text))) || stretch.course_id
    ) AS shown_class,
    coalesce(known.content ->> 'schoolSourcedId', :school) AS shown_school
FROM enrollment_stretch AS stretch
LEFT JOIN source_record AS known ON known.id = (
    SELECT record.id FROM exported_record AS record
    WHERE record.event_id = stretch.id AND record.kind = 'enrollments'
    ORDER BY record.is_deleted, record.first_id
    LIMIT 1
)
WHERE NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.student_id = stretch.student_id);

-- name: list_kept_enrollments(key, school)
-- Which enrollments of teachers and others has another system?
SELECT place.first_id AS ordinal, place.sourced_id, lower(place.source) AS source, place.content,
    import.made_at AS updated_at,
    NULL AS student_id, class.course_id,
    place.sourced_id AS shown_id,
    'active' AS shown_status,
    place.content ->> 'role' AS shown_role,
    place.user_ref AS user_id,
    coalesce(
        (
            SELECT record.sourced_id FROM exported_record AS record
            WHERE record.course_id = class.course_id AND record.kind = 'classes'
            ORDER BY record.first_id
            LIMIT 1
        ),
        :key || '-class-' || substr('0000000000', 1 + length(CAST(class.course_id AS text))) || class.course_id
    ) AS shown_class,
    coalesce(place.content ->> 'schoolSourcedId', :school) AS shown_school
FROM exported_record AS place
CROSS JOIN exported_record AS person
CROSS JOIN source_record AS class
CROSS JOIN import
WHERE
-- include: kept_enrollment.sql
    AND class.course_id IS NOT NULL
    AND import.id = place.import_id;

-- name: list_records(records)
-- Which of these records of OneRoster are there? records is a JSON array of orgs, sessions, courses or classes, of
-- which a school has few: those of an export.
SELECT CAST(record.key AS bigint) AS ordinal, record.value AS content,
    record.value ->> 'sourcedId' AS shown_id,
    record.value ->> 'status' AS shown_status,
    record.value ->> 'dateLastModified' AS updated_at,
    record.value ->> 'name' AS name,
    record.value ->> 'title' AS title,
    record.value ->> 'type' AS type,
    record.value ->> 'identifier' AS identifier,
    record.value ->> 'startDate' AS start_date,
    record.value ->> 'endDate' AS end_date,
    record.value ->> 'schoolYear' AS school_year,
    record.value ->> 'courseCode' AS course_code,
    record.value ->> 'classCode' AS class_code,
    record.value ->> 'classType' AS class_type,
    record.value ->> 'location' AS location,
    record.value -> 'parent' ->> 'sourcedId' AS parent_id,
    record.value -> 'org' ->> 'sourcedId' AS org_id,
    record.value -> 'course' ->> 'sourcedId' AS course_id,
    record.value -> 'school' ->> 'sourcedId' AS school_id
FROM json_each(:records) AS record;

-- name: list_roles(ids)
-- Which roles have these users of other systems? ids is a JSON array of their ids there.
SELECT role.user_ref AS user_id, lower(role.source) AS source, role.content
FROM json_each(:ids) AS wanted
CROSS JOIN exported_record AS role
CROSS JOIN exported_record AS person
WHERE role.user_ref = wanted.atom
    AND role.kind = 'roles'
    AND role.is_deleted = 0
    AND person.kind = 'users'
    AND person.sourced_id = role.user_ref
    AND person.source = role.source
ORDER BY role.sourced_id;

-- name: get_record(kind, sourced_id)^
-- Which student, enrollment or person of ours has this id in another system?
SELECT first_id, student_id, event_id
FROM exported_record
WHERE kind = :kind AND sourced_id = :sourced_id;

-- name: get_place(event_id)^
-- Whose enrollment in which course did this event change?
SELECT student_id, course_id
FROM student_course_event
WHERE id = :event_id;
