"""What operators see and do: doctor, dead letters, connectors."""
