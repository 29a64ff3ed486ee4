DROP TRIGGER course_delete_is_not_found;

DROP TRIGGER course_update_is_found;

DROP TRIGGER course_insert_is_found;

DROP TRIGGER student_delete_is_not_found;

DROP TRIGGER student_update_is_found;

DROP VIEW course_search;

DROP VIEW student_search;

DROP TABLE course_word;

DROP TABLE student_word;
