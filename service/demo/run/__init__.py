"""The demo itself: environment, screen, measures, report."""
