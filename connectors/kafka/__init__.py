"""The connectors' side of Kafka: publisher, offsets, topics."""
