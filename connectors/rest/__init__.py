"""HTTP resources, captured by polling."""
