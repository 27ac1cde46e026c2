"""Databases, captured by Debezium's engine inside this process."""
