-- The student has the names that begin so, and the status. student.sql includes it.
    AND (:family_sort = '' OR family_sort >= :family_sort AND family_sort < :family_sort_end)
    AND (:given_sort = '' OR given_sort >= :given_sort AND given_sort < :given_sort_end)
    AND (:status IS NULL OR status = :status)
