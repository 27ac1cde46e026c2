"""Events go out to those who asked to be called: signed, in order, at least once."""
