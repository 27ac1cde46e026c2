"""Tables, and one file per noun that holds its queries."""
