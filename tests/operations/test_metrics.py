"""The figures that operators watch are there, true, and those of the dashboard."""

from __future__ import annotations

import json
import re
import urllib.request

import yaml

from service.database.connection.session import Connection
from service.database.operations import dead_letters
from service.resolver import metrics
from service.runtime.ports import free_port
from tests.api.channel import Channel
from tests.api.conftest import app, channel, rows  # noqa: F401 - fixtures
from tests.api.factories import a_customer
from tests.repository.repository import text
from tests.resolver.deliveries import ANNE, Delivery, customer
from tests.resolver.fake_model import plain_judge

_NAME = re.compile(r"\bcouture_[a-z_]+")


def shown(page: str) -> dict[str, float]:
    """Return the figures of a page, by name and labels."""
    lines = [line for line in page.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (x.rpartition(" ") for x in lines)}


def test_what_waits_and_what_was_set_aside_is_shown(
    channel: Channel,  # noqa: F811
    rows: Connection,  # noqa: F811
) -> None:
    a_customer(rows, "pos:1", "loyalty:1")
    a_customer(rows, "pos:2")
    place = ("couture.source.pos", "t", 0, 0, "not_json", "", b"k", b"{", [])
    dead_letters.add(rows, [dead_letters.DeadLetter(*place)])
    rows.execute(
        "INSERT INTO dirty (record_id, mark, scored, since)"
        " VALUES (1, 1, true, now() - interval '90 seconds'), (2, 2, true, 'epoch')"
    )
    found = shown(channel.get("/metrics").text)

    assert found['couture_dead_letters{reason="not_json",system="pos"}'] == 1
    assert found["couture_unfinished_records"] == 2
    assert 90 <= found["couture_unfinished_age_seconds"] < 900
    assert found["couture_database_up"] == 1
    assert found["couture_golden_records"] == 2
    assert round(found["couture_link_rate"], 3) == 0.333


def test_a_resolver_tells_the_time_of_each_stage(connection: Connection) -> None:
    port = free_port()
    metrics.serve(f"127.0.0.1:{port}")
    Delivery(connection, plain_judge())(customer("pos:1", 1, **ANNE))

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        found = shown(answer.read().decode())

    for stage in ("publish", "find and score", "relabel"):
        assert found[f'couture_batch_seconds_count{{stage="{stage}"}}'] >= 1


def test_dashboard_and_alerts_name_only_figures_that_are_there(
    channel: Channel,  # noqa: F811
) -> None:
    page = channel.get("/metrics").text + text("service/resolver/metrics.py")
    page += text("service/api/http/metrics.py")  # those of an audit come with the first
    there = set(_NAME.findall(page))
    panels = json.loads(text("operation/grafana/couture.json"))["panels"]
    asked = {t["expr"] for panel in panels for t in panel["targets"]}
    rules = yaml.safe_load(text("operation/alerts.yml"))["groups"][0]["rules"]
    asked |= {rule["expr"] for rule in rules}
    named = {name for one in asked for name in _NAME.findall(one)}

    assert len(panels) >= 12
    assert {name.removesuffix("_bucket") for name in named} <= there
