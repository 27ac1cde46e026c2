"""Links and decisions to clusters, as rules and guards allow."""
