"""Files, loaded row by row."""
