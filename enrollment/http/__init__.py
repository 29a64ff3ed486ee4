"""What all routes share: authentication, queries, bodies, preconditions, responses."""
