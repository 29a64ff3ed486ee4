-- The student has the number and the email that begin so. student.sql includes it.
    AND (:number = '' OR number >= :number AND number < :number_end)
    AND (:email = '' OR email >= :email AND email < :email_end)
