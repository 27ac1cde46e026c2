"""All of Couture on one machine: PostgreSQL, a broker and our processes."""
