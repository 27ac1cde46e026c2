"""Outbox, offsets, the feed of events and webhooks."""
