"""Processes, ports and Kafka offsets, whatever runs on them."""
