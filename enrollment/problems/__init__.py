"""Problems: the errors that are raised, the registry of every code, the bodies of responses."""
