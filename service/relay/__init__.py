"""From the outbox to Kafka and webhooks."""
