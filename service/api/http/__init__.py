"""What all routes share: pagination, idempotency, problems, metrics."""
