"""People who do not exist, and how their data is typed."""
