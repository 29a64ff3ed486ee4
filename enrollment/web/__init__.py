"""The pages for people: HTML with forms, and sessions in place of tokens."""
