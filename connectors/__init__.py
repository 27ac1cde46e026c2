"""The ears: a room per kind of source, a folder per system."""
