"""Pairs to match weights, with the SQL that Splink writes."""
