"""Movements, orders, interactions, consents and cases."""
