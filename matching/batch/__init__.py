"""All records at once: DuckDB on files, or Spark."""
