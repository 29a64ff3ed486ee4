-- Takes the alternatives away: each becomes a requirement of its own, so that no one enrolls unchecked. Courses count
-- as nothing but themselves.

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

CREATE TEMP TABLE old_requirement AS
SELECT course_id, choice, code, kind
FROM course_requirement;

DROP TABLE course_requirement;

CREATE TABLE course_requirement (
    course_id INTEGER NOT NULL,
    code      TEXT    NOT NULL COLLATE NOCASE,
    kind      TEXT    NOT NULL,
    CONSTRAINT course_requirement_key PRIMARY KEY (course_id, code),
    CONSTRAINT course_requirement_course_exists FOREIGN KEY (course_id) REFERENCES course (id)
        ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT course_requirement_code_length CHECK (length(code) BETWEEN 1 AND 32),
    CONSTRAINT course_requirement_kind_known
        CHECK (kind IN ('prerequisite', 'concurrent', 'corequisite'))
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO course_requirement (course_id, code, kind)
SELECT course_id, code, kind FROM old_requirement
ORDER BY course_id, choice, code;

DROP TABLE old_requirement;

CREATE TRIGGER course_requirement_delete_leaves_a_change
AFTER DELETE ON course_requirement
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NULL),
        ('kind', OLD.kind, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.course_id, (SELECT version FROM course WHERE id = OLD.course_id), 'deleted', 'requirement');
END;

CREATE TRIGGER course_requirement_insert_leaves_a_change
AFTER INSERT ON course_requirement
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', NULL, NEW.code),
        ('kind', NULL, NEW.kind);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', NEW.course_id, (SELECT version FROM course WHERE id = NEW.course_id), 'created', 'requirement');
END;

CREATE TRIGGER course_requirement_update_leaves_two_changes
AFTER UPDATE ON course_requirement
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NULL),
        ('kind', OLD.kind, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', OLD.course_id, (SELECT version FROM course WHERE id = OLD.course_id), 'deleted', 'requirement');
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', NULL, NEW.code),
        ('kind', NULL, NEW.kind);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('course', NEW.course_id, (SELECT version FROM course WHERE id = NEW.course_id), 'created', 'requirement');
END;

DROP TRIGGER course_insert_has_codes_in_counts_as;

DROP TRIGGER course_update_has_codes_in_counts_as;

DROP TRIGGER course_insert_makes_codes;

DROP TRIGGER course_update_makes_codes;

DROP TRIGGER course_delete_removes_the_codes;

DROP VIEW passed_code;

DROP TABLE course_code;

ALTER TABLE course DROP COLUMN counts_as;
