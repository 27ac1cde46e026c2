"""DuckDB's errors that say nothing against the question."""

from __future__ import annotations

import duckdb

OutOfResources = duckdb.OperationalError
"""The engine lacks memory or disk: the same question may be answered later."""
