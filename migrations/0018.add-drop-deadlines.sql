-- Until when students can drop a course themselves: by the course, else by its term.
-- depends: 0017.add-meeting-dates

ALTER TABLE term ADD COLUMN drop_until TEXT
    CONSTRAINT term_drop_until_is_time CHECK (drop_until IS strftime('%Y-%m-%dT%H:%M:%fZ', drop_until, '+0 days'));

ALTER TABLE course ADD COLUMN drop_until TEXT
    CONSTRAINT course_drop_until_is_time CHECK (drop_until IS strftime('%Y-%m-%dT%H:%M:%fZ', drop_until, '+0 days'));

DROP TRIGGER term_delete_leaves_a_change;

CREATE TRIGGER term_delete_leaves_a_change
AFTER DELETE ON term
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NULL),
        ('title', OLD.title, NULL),
        ('start_on', OLD.start_on, NULL),
        ('end_on', OLD.end_on, NULL),
        ('max_credits', OLD.max_credits, NULL),
        ('drop_until', OLD.drop_until, NULL);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('term', OLD.id, OLD.version, 'deleted', NULL);
END;

DROP TRIGGER term_insert_leaves_a_change;

CREATE TRIGGER term_insert_leaves_a_change
AFTER INSERT ON term
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', NULL, NEW.code),
        ('title', NULL, NEW.title),
        ('start_on', NULL, NEW.start_on),
        ('end_on', NULL, NEW.end_on),
        ('max_credits', NULL, NEW.max_credits),
        ('drop_until', NULL, NEW.drop_until);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('term', NEW.id, NEW.version, 'created', NULL);
END;

DROP TRIGGER term_update_leaves_a_change;

CREATE TRIGGER term_update_leaves_a_change
AFTER UPDATE OF code, title, start_on, end_on, max_credits, drop_until ON term
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NEW.code),
        ('title', OLD.title, NEW.title),
        ('start_on', OLD.start_on, NEW.start_on),
        ('end_on', OLD.end_on, NEW.end_on),
        ('max_credits', OLD.max_credits, NEW.max_credits),
        ('drop_until', OLD.drop_until, NEW.drop_until);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('term', NEW.id, NEW.version, 'changed', NULL);
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
