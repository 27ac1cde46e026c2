"""A file into the database at once, to the state in which the stream leaves it."""
