"""A record as standardised features: names, addresses, dates, contacts."""
