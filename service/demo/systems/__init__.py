"""The four systems of the retailer."""
