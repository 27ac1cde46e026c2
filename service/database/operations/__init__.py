"""Connector states, dead letters and the backlog."""
