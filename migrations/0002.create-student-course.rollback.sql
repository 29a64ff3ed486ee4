-- Takes the enrolments and their history away; students, terms and courses stay.

DROP TRIGGER course_keeps_its_id;

DROP TRIGGER student_keeps_its_id;

DROP TRIGGER course_with_enrolments_stays;

DROP TRIGGER student_with_enrolments_stays;

DROP TABLE student_course;

DROP TABLE student_course_event;
