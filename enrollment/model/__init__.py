"""The types of the data: single values, records, requests, queries and results."""
