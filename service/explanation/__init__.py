"""Why records are one customer, and why others are not."""
