"""Rules without I/O: profiles, cases, loyalty, orders, contact keys."""
