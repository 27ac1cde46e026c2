"""The HTTP API: one file per noun, each a blueprint."""
