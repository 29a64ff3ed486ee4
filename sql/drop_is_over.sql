-- Is it too late at :at, on the day :today, for students to drop `course`, which has this `term` or none? enrollment.sql and
-- page.sql include it.
    AND coalesce(:at >= coalesce(course.drop_until, term.drop_until), :today > term.end_on)
