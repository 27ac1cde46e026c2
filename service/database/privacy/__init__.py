"""Erasures, suppressions, and the export of one customer."""
