"""Problems: what is raised, what each code means, and how it is answered."""
