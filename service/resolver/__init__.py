"""From change events to golden records."""
