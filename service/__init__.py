"""The service: the database, the resolver, the API and the pages."""

import gc

# Cyclic garbage is looked for seldom: importing, and a micro-batch, make a hundred
# thousand objects and hardly a cycle. At Python's own pace that took a fifth of both.
gc.set_threshold(100_000, 20, 100)
