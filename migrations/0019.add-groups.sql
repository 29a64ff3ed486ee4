-- The groups of a student, the groups to which a course is open, and those who may enroll in it early.
-- depends: 0018.add-drop-deadlines

-- Lists are JSON without white space: `groups` and `open_to` of codes, `early_access` an object of a time for each
-- code. Triggers check what is in them.
ALTER TABLE student ADD COLUMN groups TEXT NOT NULL DEFAULT '[]'
    CONSTRAINT student_groups_is_list CHECK (groups LIKE '[%]');

ALTER TABLE course ADD COLUMN open_to TEXT NOT NULL DEFAULT '[]'
    CONSTRAINT course_open_to_is_list CHECK (open_to LIKE '[%]');

ALTER TABLE course ADD COLUMN early_access TEXT NOT NULL DEFAULT '{}'
    CONSTRAINT course_early_access_is_object CHECK (early_access LIKE '{%}');

-- One row for each text that is not a list of different codes.
CREATE VIEW code_list_to_check AS
SELECT '[]' AS codes;

CREATE TRIGGER code_list_to_check_is_checked
INSTEAD OF INSERT ON code_list_to_check
WHEN NEW.codes <> '[]' AND NEW.codes LIKE '[%]'
BEGIN
    SELECT RAISE(ABORT, 'a list of codes has each code once, without white space')
    WHERE EXISTS (
        SELECT count(*) FROM json_each(NEW.codes)
        -- Put together again, texts without quotes and backslashes are what they were.
        HAVING NEW.codes <> coalesce('["' || group_concat(value, '","') || '"]', '')
            OR count(*) > count(DISTINCT lower(value))
            OR min(length(value)) < 1
            OR max(length(value)) > 32
            OR sum(value GLOB '*[' || char(1) || '-' || char(31) || ']*') > 0
    );
END;

CREATE TRIGGER student_insert_has_codes_in_groups
BEFORE INSERT ON student
BEGIN
    INSERT INTO code_list_to_check (codes) VALUES (NEW.groups);
END;

CREATE TRIGGER student_update_has_codes_in_groups
BEFORE UPDATE OF groups ON student
BEGIN
    INSERT INTO code_list_to_check (codes) VALUES (NEW.groups);
END;

CREATE TRIGGER course_insert_has_codes_in_open_to
BEFORE INSERT ON course
BEGIN
    INSERT INTO code_list_to_check (codes) VALUES (NEW.open_to);
END;

CREATE TRIGGER course_update_has_codes_in_open_to
BEFORE UPDATE OF open_to ON course
BEGIN
    INSERT INTO code_list_to_check (codes) VALUES (NEW.open_to);
END;

CREATE TRIGGER course_insert_has_times_in_early_access
BEFORE INSERT ON course
WHEN NEW.early_access <> '{}' AND NEW.early_access LIKE '{%}'
BEGIN
    SELECT RAISE(ABORT, 'early access has a time for each code once, without white space')
    WHERE EXISTS (
        SELECT count(*) FROM json_each(NEW.early_access)
        HAVING NEW.early_access <> coalesce('{"' || group_concat(key || '":"' || value, '","') || '"}', '')
            OR count(*) > count(DISTINCT lower(key))
            OR min(length(key)) < 1
            OR max(length(key)) > 32
            OR sum(key GLOB '*[' || char(1) || '-' || char(31) || ']*') > 0
            OR sum(value IS NOT strftime('%Y-%m-%dT%H:%M:%fZ', value, '+0 days')) > 0
    );
END;

CREATE TRIGGER course_update_has_times_in_early_access
BEFORE UPDATE OF early_access ON course
WHEN NEW.early_access <> '{}' AND NEW.early_access LIKE '{%}'
BEGIN
    SELECT RAISE(ABORT, 'early access has a time for each code once, without white space')
    WHERE EXISTS (
        SELECT count(*) FROM json_each(NEW.early_access)
        HAVING NEW.early_access <> coalesce('{"' || group_concat(key || '":"' || value, '","') || '"}', '')
            OR count(*) > count(DISTINCT lower(key))
            OR min(length(key)) < 1
            OR max(length(key)) > 32
            OR sum(key GLOB '*[' || char(1) || '-' || char(31) || ']*') > 0
            OR sum(value IS NOT strftime('%Y-%m-%dT%H:%M:%fZ', value, '+0 days')) > 0
    );
END;

-- Which students are in a group to which a course is open? One row for each group.
CREATE VIEW admission AS
SELECT course.id AS course_id, student.id AS student_id
FROM course
CROSS JOIN json_each(course.open_to) AS allowed
CROSS JOIN student
CROSS JOIN json_each(student.groups) AS own
WHERE lower(own.value) = lower(allowed.value);

-- From when on may which students enroll in a course before everyone? One row for each group.
CREATE VIEW early_admission AS
SELECT course.id AS course_id, student.id AS student_id, early.value AS enroll_from
FROM course
CROSS JOIN json_each(course.early_access) AS early
CROSS JOIN student
CROSS JOIN json_each(student.groups) AS own
WHERE lower(own.value) = lower(early.key);

DROP TRIGGER student_delete_leaves_a_change;

CREATE TRIGGER student_delete_leaves_a_change
AFTER DELETE ON student
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('number', OLD.number, NULL),
        ('given_name', OLD.given_name, NULL),
        ('family_name', OLD.family_name, NULL),
        ('email', OLD.email, NULL),
        ('status', OLD.status, NULL),
        ('max_credits', OLD.max_credits, NULL),
        ('groups', OLD.groups, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('student', OLD.id, OLD.version, 'deleted', NULL);
END;

DROP TRIGGER student_insert_leaves_a_change;

CREATE TRIGGER student_insert_leaves_a_change
AFTER INSERT ON student
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('number', NULL, NEW.number),
        ('given_name', NULL, NEW.given_name),
        ('family_name', NULL, NEW.family_name),
        ('email', NULL, NEW.email),
        ('status', NULL, NEW.status),
        ('max_credits', NULL, NEW.max_credits),
        ('groups', NULL, NEW.groups);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('student', NEW.id, NEW.version, 'created', NULL);
END;

DROP TRIGGER student_update_leaves_a_change;

CREATE TRIGGER student_update_leaves_a_change
AFTER UPDATE OF number, given_name, family_name, email, status, max_credits, groups ON student
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('number', OLD.number, NEW.number),
        ('given_name', OLD.given_name, NEW.given_name),
        ('family_name', OLD.family_name, NEW.family_name),
        ('email', OLD.email, NEW.email),
        ('status', OLD.status, NEW.status),
        ('max_credits', OLD.max_credits, NEW.max_credits),
        ('groups', OLD.groups, NEW.groups);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('student', NEW.id, NEW.version, 'changed', NULL);
END;

DROP TRIGGER course_delete_leaves_a_change;

CREATE TRIGGER course_delete_leaves_a_change
AFTER DELETE ON course
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NULL),
        ('section', OLD.section, NULL),
        ('title', OLD.title, NULL),
        ('instructor', OLD.instructor, NULL),
        ('term', OLD.term, NULL),
        ('credits', OLD.credits, NULL),
        ('capacity', OLD.capacity, NULL),
        ('waitlist_capacity', OLD.waitlist_capacity, NULL),
        ('promotion', OLD.promotion, NULL),
        ('enroll_from', OLD.enroll_from, NULL),
        ('enroll_until', OLD.enroll_until, NULL),
        ('drop_until', OLD.drop_until, NULL),
        ('status', OLD.status, NULL),
        ('repeatable', OLD.repeatable, NULL),
        ('open_to', OLD.open_to, NULL),
        ('early_access', OLD.early_access, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.id, OLD.version, 'deleted', NULL);
END;

DROP TRIGGER course_insert_leaves_a_change;

CREATE TRIGGER course_insert_leaves_a_change
AFTER INSERT ON course
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', NULL, NEW.code),
        ('section', NULL, NEW.section),
        ('title', NULL, NEW.title),
        ('instructor', NULL, NEW.instructor),
        ('term', NULL, NEW.term),
        ('credits', NULL, NEW.credits),
        ('capacity', NULL, NEW.capacity),
        ('waitlist_capacity', NULL, NEW.waitlist_capacity),
        ('promotion', NULL, NEW.promotion),
        ('enroll_from', NULL, NEW.enroll_from),
        ('enroll_until', NULL, NEW.enroll_until),
        ('drop_until', NULL, NEW.drop_until),
        ('status', NULL, NEW.status),
        ('repeatable', NULL, NEW.repeatable),
        ('open_to', NULL, NEW.open_to),
        ('early_access', NULL, NEW.early_access);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', NEW.id, NEW.version, 'created', NULL);
END;

DROP TRIGGER course_update_leaves_a_change;

CREATE TRIGGER course_update_leaves_a_change
AFTER UPDATE OF code, section, title, instructor, term, credits, capacity, waitlist_capacity, promotion,
    enroll_from, enroll_until, drop_until, status, repeatable, open_to, early_access ON course
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NEW.code),
        ('section', OLD.section, NEW.section),
        ('title', OLD.title, NEW.title),
        ('instructor', OLD.instructor, NEW.instructor),
        ('term', OLD.term, NEW.term),
        ('credits', OLD.credits, NEW.credits),
        ('capacity', OLD.capacity, NEW.capacity),
        ('waitlist_capacity', OLD.waitlist_capacity, NEW.waitlist_capacity),
        ('promotion', OLD.promotion, NEW.promotion),
        ('enroll_from', OLD.enroll_from, NEW.enroll_from),
        ('enroll_until', OLD.enroll_until, NEW.enroll_until),
        ('drop_until', OLD.drop_until, NEW.drop_until),
        ('status', OLD.status, NEW.status),
        ('repeatable', OLD.repeatable, NEW.repeatable),
        ('open_to', OLD.open_to, NEW.open_to),
        ('early_access', OLD.early_access, NEW.early_access);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    SELECT 'course', NEW.id,
        -- A new code of the term makes a new version afterwards (course_version_follows_term).
        NEW.version + (NEW.version = OLD.version AND NEW.term IS NOT OLD.term COLLATE BINARY),
        'changed', NULL;
END;

DROP TRIGGER change_to_record_is_recorded;

-- As in 0014. The columns that hold JSON are not quoted again.
CREATE TRIGGER change_to_record_is_recorded
INSTEAD OF INSERT ON change_to_record
BEGIN
    INSERT INTO record_change (subject, subject_id, part, version, actor, recorded_at, before, after)
    SELECT NEW.subject, NEW.subject_id, NEW.part, NEW.version,
        (SELECT actor FROM acting),
        coalesce((SELECT at FROM acting), strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        CASE WHEN NEW.kind <> 'created' THEN '{' || group_concat(differing.before, ',') || '}' END,
        CASE WHEN NEW.kind <> 'deleted' THEN '{' || group_concat(differing.after, ',') || '}' END
    FROM (
        SELECT
            '"' || name || '":' || CASE
                WHEN before IS NULL THEN 'null'
                WHEN name IN ('groups', 'open_to', 'early_access') THEN before
                WHEN typeof(before) = 'text' THEN '"' || replace(replace(before, char(92), char(92, 92)), '"', char(92) || '"') || '"'
                ELSE before
            END AS before,
            '"' || name || '":' || CASE
                WHEN after IS NULL THEN 'null'
                WHEN name IN ('groups', 'open_to', 'early_access') THEN after
                WHEN typeof(after) = 'text' THEN '"' || replace(replace(after, char(92), char(92, 92)), '"', char(92) || '"') || '"'
                ELSE after
            END AS after
        FROM changed_column
        WHERE before IS NOT after
        ORDER BY rowid
    ) AS differing
    HAVING count(*) > 0;
    DELETE FROM changed_column;
END;
