-- Takes the enrolments and their history away; students, terms and courses stay.

DROP TABLE student_course;

DROP TABLE student_course_event;
