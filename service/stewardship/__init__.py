"""Clerical review: decisions, cases, accounts."""
