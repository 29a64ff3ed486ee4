"""The problem types, one module for each family."""
