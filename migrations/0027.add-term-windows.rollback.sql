-- Takes the windows of terms away, and the index of overrides.

DROP INDEX student_course_event_with_override;

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

ALTER TABLE term DROP COLUMN enroll_until;

ALTER TABLE term DROP COLUMN enroll_from;
