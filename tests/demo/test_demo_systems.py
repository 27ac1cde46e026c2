"""The demo's shop and desk page through their rows as their connectors expect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from service.demo.systems.call_centre import create_desk
from service.demo.systems.ecommerce import create_shop
from service.demo.systems.sqlite_store import Shelf

KEY = {"Authorization": "Bearer sesame"}


def write(client: FlaskClient, url: str, *rows: dict[str, Any]) -> None:
    assert client.post(url, json=rows, headers=KEY).status_code == 201


def read(client: FlaskClient, url: str, **query: Any) -> dict[str, Any]:
    answer = client.get(url, query_string=query, headers=KEY)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.get_json()
    return body


def test_the_shop_shows_every_row_once_over_its_pages(tmp_path: Path) -> None:
    shop = create_shop(Shelf(tmp_path / "shop.db"), "sesame").test_client()
    write(shop, "/api/customers", *({"id": f"E{n}"} for n in range(7)))
    seen, query = [], {"limit": 3}
    while True:
        page = read(shop, "/api/customers", **query)
        seen += page["items"]
        if page["next"] is None:
            break
        query = {"limit": 3, **page["next"]}
    assert [item["id"] for item in seen] == [f"E{n}" for n in range(7)]
    assert [item["updated_at"] for item in seen] == sorted(
        item["updated_at"] for item in seen
    )


def test_a_changed_row_of_the_shop_comes_last_with_its_next_version(
    tmp_path: Path,
) -> None:
    shelf = Shelf(tmp_path / "shop.db")
    shop = create_shop(shelf, "sesame").test_client()
    write(shop, "/api/customers", {"id": "E1"}, {"id": "E2"})
    first = read(shop, "/api/customers")["items"][0]
    write(shop, "/api/customers", {"id": "E1", "deleted": True})
    since = {"updated_since": first["updated_at"], "after_id": "E1"}
    items = read(shop, "/api/customers", **since)["items"]
    assert [(i["id"], i["version"], i["deleted"]) for i in items] == [
        ("E2", 1, False),
        ("E1", 2, True),
    ]
    assert read(shop, "/api/orders") == {"items": [], "next": None}


def test_the_desk_exports_what_came_after_a_sequence(tmp_path: Path) -> None:
    desk = create_desk(Shelf(tmp_path / "desk.db"), "sesame").test_client()
    write(desk, "/export/contacts", {"id": "K1"}, {"id": "K2"}, {"id": "K3"})
    write(desk, "/export/contacts", {"id": "K1", "deleted": True})
    first = read(desk, "/export/contacts", since_seq=0, limit=1)
    rest = read(desk, "/export/contacts", since_seq=first["last_seq"])
    rows = first["rows"] + rest["rows"]
    assert [(row["id"], row["deleted"]) for row in rows] == [
        ("K2", False),
        ("K3", False),
        ("K1", True),
    ]
    assert read(desk, "/export/contacts", since_seq=4) == {"rows": [], "last_seq": 4}


def test_rows_outlive_a_restart_and_go_on_counting(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "desk.db")
    shelf.put("contacts", [{"id": "K1"}])
    shelf.close()
    shelf = Shelf(tmp_path / "desk.db")
    shelf.put("contacts", [{"id": "K2"}])
    rows = shelf.exported("contacts", since_seq=0, limit=9)
    assert [row["seq"] for row in rows] == [1, 2]


def test_nobody_reads_without_the_key_and_bad_questions_are_refused(
    tmp_path: Path,
) -> None:
    shop = create_shop(Shelf(tmp_path / "shop.db"), "sesame").test_client()
    assert shop.get("/api/customers").status_code == 401
    bad = {"updated_since": "yesterday"}
    answer = shop.get("/api/customers", query_string=bad, headers=KEY)
    assert answer.status_code == 400
