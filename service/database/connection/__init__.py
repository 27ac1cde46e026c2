"""Sessions, pools, copies, schema version and migration."""
