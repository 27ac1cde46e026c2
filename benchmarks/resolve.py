"""How many records a second the resolver folds in: `couture bench resolve` by another
name, for those who look for it here.

    python -m benchmarks.resolve --scale full --json
"""

from __future__ import annotations

import sys

from service.commands.bench import bench_app

if __name__ == "__main__":
    bench_app(["resolve", *sys.argv[1:]])
