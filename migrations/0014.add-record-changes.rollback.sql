-- Takes the changes on record away, and with them who changed what.

DROP INDEX hold_open;

DROP INDEX student_course_event_by_time;

DROP INDEX student_course_event_by_kind;

DROP INDEX student_course_event_by_actor;

DROP TRIGGER course_meeting_delete_leaves_a_change;

DROP TRIGGER course_meeting_update_leaves_two_changes;

DROP TRIGGER course_meeting_insert_leaves_a_change;

DROP TRIGGER course_requirement_delete_leaves_a_change;

DROP TRIGGER course_requirement_update_leaves_two_changes;

DROP TRIGGER course_requirement_insert_leaves_a_change;

DROP TRIGGER token_delete_leaves_a_change;

DROP TRIGGER token_update_leaves_a_change;

DROP TRIGGER token_insert_leaves_a_change;

DROP TRIGGER hold_delete_leaves_a_change;

DROP TRIGGER hold_update_leaves_a_change;

DROP TRIGGER hold_insert_leaves_a_change;

DROP TRIGGER course_delete_leaves_a_change;

DROP TRIGGER course_update_leaves_a_change;

DROP TRIGGER course_insert_leaves_a_change;

DROP TRIGGER term_delete_leaves_a_change;

DROP TRIGGER term_update_leaves_a_change;

DROP TRIGGER term_insert_leaves_a_change;

DROP TRIGGER student_delete_leaves_a_change;

DROP TRIGGER student_update_leaves_a_change;

DROP TRIGGER student_insert_leaves_a_change;

DROP TRIGGER token_is_never_replaced;

DROP TRIGGER hold_is_never_replaced;

DROP TRIGGER course_is_never_replaced;

DROP TRIGGER term_is_never_replaced;

DROP TRIGGER student_is_never_replaced;

DROP TRIGGER course_delete_removes_the_parts;

DROP VIEW change_to_record;

DROP TABLE changed_column;

DROP TABLE acting;

DROP TABLE record_change;
