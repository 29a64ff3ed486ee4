-- Takes the students, terms and courses away, and all that they hold.

DROP TABLE course;

DROP TABLE term;

DROP TABLE student;
