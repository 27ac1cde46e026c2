"""Measure a model: accuracy, errors, blocking coverage, reports."""
