"""Rows of a source to change events, as a mapping file says."""
