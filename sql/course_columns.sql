-- The columns of a course. course.sql includes it.
    id, version, updated_at, label, code, section, title, term, instructor, credits, capacity,
    waitlist_capacity, promotion, enroll_from, enroll_until, drop_until, status, repeatable, open_to, early_access,
    counts_as
