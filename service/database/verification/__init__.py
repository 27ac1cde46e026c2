"""Audits, consistency checks and repairs."""
