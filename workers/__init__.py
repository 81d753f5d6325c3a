"""Processes that compute: they claim evaluations, validate and score them, and place the results."""
