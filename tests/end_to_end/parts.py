"""The names of the service's parts, which a part itself reads as it starts."""

from __future__ import annotations

RESOLVER, RELAY, SERVE = "resolve", "relay", "serve"
