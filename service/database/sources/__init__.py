"""Source records, blocking keys, freshness, snapshots and sweeps."""
