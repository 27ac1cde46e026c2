"""A deployment is told once its records teach more than the shipped model knows."""

from __future__ import annotations

from dataclasses import replace

from matching.model.model_version import Model
from service.database.clusters import model_versions
from service.database.connection.session import Connection
from service.resolver.training_advice import ENOUGH_RECORDS, training_advice


def add_records(connection: Connection, number: int, *, system: str) -> None:
    connection.execute(
        "INSERT INTO source_record (system, id, position, record)"
        " SELECT %s, n::text, '{1}', '{}' FROM generate_series(1, %s) n",
        [system, number],
    )


def test_the_shipped_model_is_enough_until_there_are_records_to_learn_from(
    connection: Connection,
) -> None:
    model_versions.activate(connection, Model.load())
    add_records(connection, ENOUGH_RECORDS - 1, system="pos")
    assert training_advice(connection) is None

    add_records(connection, 1, system="web")
    advice = training_advice(connection)
    assert advice is not None
    assert "couture model train --database" in advice


def test_a_model_of_its_own_is_left_alone(connection: Connection) -> None:
    model_versions.activate(connection, replace(Model.load(), name="ours"))
    add_records(connection, ENOUGH_RECORDS, system="pos")

    assert training_advice(connection) is None
