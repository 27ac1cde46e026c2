"""A file that holds all there is of its system: who is not in it is gone."""

from __future__ import annotations

from connectors.files.connector import FileConnector
from connectors.kafka.offsets import Offsets
from connectors.kafka.publisher import Publisher
from connectors.kafka.snapshot_manifest import ManifestBuilder
from connectors.mapping.rows_to_events import Mapping


def publish_manifest(
    connector: FileConnector, mapping: Mapping, *, bootstrap: str, name: str
) -> None:
    """Publish whom the file holds, for the resolver to sweep the others.

    The file is read once more: what was published before an interruption counts too.
    """
    census = ManifestBuilder(mapping.system, mapping.kinds)
    for batch in connector.snapshot():
        outcomes = (one for row in batch.rows for one in mapping.events(row))
        for _ in census.counted(outcomes):
            pass
    with Offsets(bootstrap, name=name) as offsets, Publisher(bootstrap) as publisher:
        census.publish(offsets, publisher, read_at=None)
