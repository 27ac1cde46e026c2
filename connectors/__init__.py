"""The connectors: a folder for each kind of source, and for each system."""

import gc

# As in the service: looking for cyclic garbage took a fifth of the time to start.
gc.set_threshold(100_000, 20, 100)
