"""Search before create: query, candidates, result."""
