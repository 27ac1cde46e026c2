"""What a retailer does with them: sales, calls, life events."""
