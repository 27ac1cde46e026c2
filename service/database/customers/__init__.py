"""Customers, profiles, history, crosswalk and handoffs."""
