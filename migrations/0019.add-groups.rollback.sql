-- Takes the groups away. What was recorded of them stays.

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
        ('max_credits', OLD.max_credits, NULL);
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
        ('max_credits', NULL, NEW.max_credits);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('student', NEW.id, NEW.version, 'created', NULL);
END;

DROP TRIGGER student_update_leaves_a_change;

CREATE TRIGGER student_update_leaves_a_change
AFTER UPDATE OF number, given_name, family_name, email, status, max_credits ON student
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('number', OLD.number, NEW.number),
        ('given_name', OLD.given_name, NEW.given_name),
        ('family_name', OLD.family_name, NEW.family_name),
        ('email', OLD.email, NEW.email),
        ('status', OLD.status, NEW.status),
        ('max_credits', OLD.max_credits, NEW.max_credits);
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
        ('repeatable', OLD.repeatable, NULL);
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
        ('repeatable', NULL, NEW.repeatable);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', NEW.id, NEW.version, 'created', NULL);
END;

DROP TRIGGER course_update_leaves_a_change;

CREATE TRIGGER course_update_leaves_a_change
AFTER UPDATE OF code, section, title, instructor, term, credits, capacity, waitlist_capacity, promotion,
    enroll_from, enroll_until, drop_until, status, repeatable ON course
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
        ('repeatable', OLD.repeatable, NEW.repeatable);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    SELECT 'course', NEW.id,
        -- A new code of the term makes a new version afterwards (course_version_follows_term).
        NEW.version + (NEW.version = OLD.version AND NEW.term IS NOT OLD.term COLLATE BINARY),
        'changed', NULL;
END;

DROP TRIGGER change_to_record_is_recorded;

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
            '"' || name || '":' || CASE typeof(before)
                WHEN 'null' THEN 'null'
                WHEN 'text' THEN '"' || replace(replace(before, char(92), char(92, 92)), '"', char(92) || '"') || '"'
                ELSE before
            END AS before,
            '"' || name || '":' || CASE typeof(after)
                WHEN 'null' THEN 'null'
                WHEN 'text' THEN '"' || replace(replace(after, char(92), char(92, 92)), '"', char(92) || '"') || '"'
                ELSE after
            END AS after
        FROM changed_column
        WHERE before IS NOT after
        ORDER BY rowid
    ) AS differing
    HAVING count(*) > 0;
    DELETE FROM changed_column;
END;

DROP TRIGGER student_insert_has_codes_in_groups;

DROP TRIGGER student_update_has_codes_in_groups;

DROP TRIGGER course_insert_has_codes_in_open_to;

DROP TRIGGER course_update_has_codes_in_open_to;

DROP TRIGGER course_insert_has_times_in_early_access;

DROP TRIGGER course_update_has_times_in_early_access;

DROP VIEW admission;

DROP VIEW early_admission;

DROP VIEW code_list_to_check;

ALTER TABLE student DROP COLUMN groups;

ALTER TABLE course DROP COLUMN open_to;

ALTER TABLE course DROP COLUMN early_access;
