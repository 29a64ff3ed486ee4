"""The command line: one module for each verb, and what the verbs share in `console`."""
