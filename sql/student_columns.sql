-- The columns of a student. student.sql includes it.
    id, version, updated_at, number, given_name, family_name, email, status, max_credits, groups
