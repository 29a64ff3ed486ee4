-- When students can enroll in the courses of a term; and an index of the events that set rules aside.
-- depends: 0026.add-formats

-- The window of a term is that of each of its courses, where the course has no time of its own.
ALTER TABLE term ADD COLUMN enroll_from TEXT
    CONSTRAINT term_enroll_from_is_time
        CHECK (enroll_from IS strftime('%Y-%m-%dT%H:%M:%fZ', enroll_from, '+0 days'));

ALTER TABLE term ADD COLUMN enroll_until TEXT
    CONSTRAINT term_enroll_until_is_time
        CHECK (enroll_until IS strftime('%Y-%m-%dT%H:%M:%fZ', enroll_until, '+0 days'))
    CONSTRAINT term_enroll_window_runs_forward CHECK (enroll_from < enroll_until);

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
        ('drop_until', OLD.drop_until, NULL),
        ('enroll_from', OLD.enroll_from, NULL),
        ('enroll_until', OLD.enroll_until, NULL);
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
        ('drop_until', NULL, NEW.drop_until),
        ('enroll_from', NULL, NEW.enroll_from),
        ('enroll_until', NULL, NEW.enroll_until);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('term', NEW.id, NEW.version, 'created', NULL);
END;

DROP TRIGGER term_update_leaves_a_change;

CREATE TRIGGER term_update_leaves_a_change
AFTER UPDATE OF code, title, start_on, end_on, max_credits, drop_until, enroll_from,
    enroll_until ON term
BEGIN
    INSERT INTO changed_column (name, before, after)
    VALUES
        ('code', OLD.code, NEW.code),
        ('title', OLD.title, NEW.title),
        ('start_on', OLD.start_on, NEW.start_on),
        ('end_on', OLD.end_on, NEW.end_on),
        ('max_credits', OLD.max_credits, NEW.max_credits),
        ('drop_until', OLD.drop_until, NEW.drop_until),
        ('enroll_from', OLD.enroll_from, NEW.enroll_from),
        ('enroll_until', OLD.enroll_until, NEW.enroll_until);
    INSERT INTO change_to_record (subject, subject_id, version, kind, part)
    VALUES ('term', NEW.id, NEW.version, 'changed', NULL);
END;

-- Most events set no rule aside.
CREATE INDEX student_course_event_with_override ON student_course_event (id) WHERE overridden IS NOT NULL;
