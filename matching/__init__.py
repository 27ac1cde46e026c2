"""The judge: pure functions and Splink; no database, no Kafka, no Flask."""
