"""Decisions, reviews, the review queue and accounts."""
