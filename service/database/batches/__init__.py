"""Bulk loads and exports of everything."""
