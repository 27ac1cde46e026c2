"""API keys, idempotency keys, and read your writes."""
