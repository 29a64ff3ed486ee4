-- Takes the order of the waitlists away; who waits still does.

DROP TRIGGER student_course_update_needs_a_place_to_wait;

DROP TRIGGER student_course_insert_needs_a_place_to_wait;

DROP TRIGGER student_course_update_does_not_jump_the_queue;

DROP TRIGGER student_course_insert_does_not_jump_the_queue;

DROP TRIGGER student_course_queue_follows_the_events;

DROP INDEX student_course_by_course;

ALTER TABLE student_course DROP COLUMN queue_number;

CREATE INDEX student_course_by_course ON student_course (course_id, status, student_id);

ALTER TABLE course DROP COLUMN promotion;
