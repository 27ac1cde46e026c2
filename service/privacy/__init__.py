"""Erasure, its receipts, and the export of what is known of a customer."""
