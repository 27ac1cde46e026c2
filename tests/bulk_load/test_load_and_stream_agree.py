"""Whatever a file holds, a load of it leaves what the stream of it leaves."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from connectors.files.connector import FileConfig, FileConnector
from connectors.mapping.rows_to_events import Mapping, Reject
from schemas.change_event import ChangeEvent
from service.bulk_load.load import load
from service.bulk_load.progress import Lines
from service.bulk_load.source import checked
from service.database.batches import bulk_loads
from service.database.clusters import model_versions
from service.database.connection.session import Connection, connect
from service.resolver.resolve import ActiveModel
from tests.bulk_load.files import state, streamed_state
from tests.connectors.mutations import mutated_line

MAPPING = """
tables:
  client:
    kind: customer
    contact_identifies: true
    id: id
    deleted: gone
    fields:
      title: civ
      given_name: prenom
      family_name: nom
      full_name: complet
      birth_date:
        from: ne
        transform: { date: [iso, "%d/%m/%Y", "%d/%m/%y", "%Y%m%d"] }
        invalid: ignore
      phones: [tel]
      emails: [mail]
      cards: [carte]
      addresses:
        fields: { street: rue, postal_code: cp, city: ville, country: pays }
"""
CSV = {
    "quotes": 'id;nom;rue\n1;Roux;"Les Pins" 3 rue Basse\n2;Roy;"3 rue\n3;Rey;4 rue\n',
    "a cut byte": b"id;nom\n1;Zo\xc3\xa9\n2;Andr\xe9\n3;No\xc3\xabl\n",
    "no utf-8": "id;nom\n1;Lefèvre\n2;Besançon\n".encode("cp1252"),
    "an odd header": 'id;"nom";"né(e)\nle";ne;;\n1;Roux;;04/05/61\n2;Roy;;;x;\n',
}
ROWS = """
id;gone;civ;prenom;nom;complet;ne;tel;mail;carte;rue;cp;ville
 flags
11;0;;;Roux
12;non;;;Roy
13;oui;;;Rey
14;peut-être;;;Ray
15;2026-01-05;;;Ruiz
 two of one home
21;;M.;Louis;Caron;;04/05/2001;0478119236;;;2 rue Haute;69003;Lyon
22;;Mme;Louise;Caron;;04/05/2001;0478119236;;;2 rue Haute;69003;Lyon
23;;;;Mme Caron;;;0478119236;;;2 rue Haute;69003;Lyon
24;;;Lina;Caron;;04/05/2011;0478119236;;;2 rue Haute;69003;Lyon
25;;;Léna;Caron;;04/05/2011;0478119236;;;2 rue Haute;69003;Lyon
 numbers that a spreadsheet ruined, and their like
37.0;;;Odile;Vasseur;;;612398457.0;;2990012345674.0;12 rue de la Gare;75011.0;Paris
38;;;Odile;Vasseur;;;0612398457;;2990012345674;12 rue de la Gare;75011;Paris
39;;;;Roy;;;;;2.99001E+12;;6000
2.99E+12;;;;Ray
 no value
41;;;Odile;NON RENSEIGNE;;01/01/1900;0123456789;none@none.fr;NULL
42;;;Tim;Null;;;0612398458;tim@poste.fr
43;;;NULL;NULL;;00/00/0000
 keys
  A-1  ;;;;  Roux
A-1;;;;Roux
0XAB;;;;Roy
0xab;;;;Roy
;;;;Ray
 dates
61;;;;Roux;;12/03/45
62;;;;Roy;;31/02/2001
63;;;;Rey;;19610312
 contacts
71;;;Anne;Roux;;;06 12 39 84 59 (perso);Anne Roux <anne@orange.fr>
72;;;Anne;Roux;;;0612398459;anne@orange.fr
73;;;Ida;Payet;;;0692 87 41 53;ida@élan.fr,i@sfr.fr;;;97420
74;;;Ida;Payet;;;0692874153
 nothing but a contact: of one, of two, of nobody
75;;;;;;;0692874153
76;;;;;;;;anne@orange.fr
77;;;;;;;0692 87 41 54
78;;;Ida;Hoareau;;;0692874153
79;;;;;;;;seul@poste.fr
80;;;;;;;;SEUL@poste.fr
 names
81;;;Paul;Le Guen;;;;;;12 rue de la Gare;29200;Brest
82;;;Paul;LEGUEN;;;;;;12, rue de la Gare 29200 Brest
83;;;;;NGUYEN THI LAN;;;;;7 rue Haute;F-29200;Brest
84;;;Thị Lan;Nguyễn;;;;;;Bât. B, 7 rue Haute;29200;Brest
85;;;Awa;M'Bala;;;;;;rue du 8 mai 1945;29200;Brest
 one id twice
91;;;;Roux
91;;;;Rey
"""
"""What rows hold, kind by kind; a line that begins with one space names the kind."""
JSON_ROWS: list[Any] = [
    {"id": 1.0, "nom": "Roux", "tel": 612398457.0, "cp": 75011.0, "ne": 19610312},
    {"id": 2, "nom": "Roy", "ne": "1961-03-11T23:00:00.000Z", "gone": False},
    {"id": "2 ", "nom": "Roy", "gone": 1},
    {"id": [3], "nom": {"de": "Rey"}},
    {"id": None, "nom": "Ray"},
    {"id": 4, "nom": "\x00"},
    {"id": 5, "nom": "x" * 70_000},
    {"id": 6, "nom": float("nan"), "tel": [612398457.0, "0612398458"]},
]


def _csv_of_mutated_rows(path: Path) -> None:
    """Write rows that are spoilt behind their ids: a record that comes twice has two
    versions where the stream brings them in two batches."""
    chance = random.Random(9)
    header = b"id;civ;prenom;nom;gone;ne;tel;mail;rue"
    lines = [
        f'M.;Louis;Lefèvre {n};;04/05/{n % 99:02};06{n:08};l{n}@poste.fr;"3 rue"'
        for n in range(300)
    ]
    spoilt = [  # ids rise as they stand, so that pairs are written in one order
        b"%04d;%s" % (n, mutated_line(line.encode(), chance))
        for n, line in enumerate(lines)
    ]
    path.write_bytes(b"\n".join([header, *spoilt]))


def _json_lines(path: Path) -> None:
    path.write_text("\n".join([*map(json.dumps, JSON_ROWS), "{", "7", '"a"', "[]"]))


def _parquet(path: Path) -> None:
    columns = {
        "id": [1.0, 2.0, None],
        "nom": ["Roux", " ", "Rey"],
        "tel": [612398457.0, float("nan"), None],
        "cp": [75011.0, 6000.0, 1e300],
        "gone": [False, None, True],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


def _files() -> dict[str, Any]:
    def writes(content: str | bytes) -> Any:
        data = content if isinstance(content, bytes) else content.encode()
        return lambda path: path.write_bytes(data)

    kinds = [line for line in ROWS.strip().split("\n") if not re.match(r" \w", line)]
    made = {name: ("a.csv", writes(content)) for name, content in CSV.items()}
    return made | {
        "kinds of rows": ("a.csv", writes("\n".join(kinds))),
        "mutated rows": ("a.csv", _csv_of_mutated_rows),
        "lines of JSON": ("a.jsonl", _json_lines),
        "Parquet": ("a.parquet", _parquet),
    }


def _streamed(path: Path, mapping: Path) -> tuple[list[ChangeEvent], list[list[Any]]]:
    """Return the events of a file as its connector reads it, and number and reason of
    the rows that are set aside."""
    mapped = Mapping.load(mapping, system="shop", connector="file")
    config = FileConfig(system="shop", path=path, table="client")
    connector = FileConnector(config, mapped.layout)
    events: list[ChangeEvent] = []
    rejects: list[list[Any]] = []
    for batch in connector.snapshot():
        for row in batch.rows:
            assert row.position is not None
            for outcome in mapped.events(row):
                if isinstance(outcome, Reject):
                    rejects.append([row.position[-1], outcome.reason])
                else:
                    events.append(outcome)
    return events, rejects


@pytest.mark.parametrize("name", _files())
def test_they_agree(
    name: str,
    postgres: Any,
    connection: Connection,
    database_url: str,
    tmp_path: Path,
    judge: ActiveModel,
) -> None:
    file, write = _files()[name]
    path, mapping = tmp_path / file, tmp_path / "mapping.yaml"
    write(path)
    mapping.write_text(MAPPING)

    with connect(database_url, autocommit=True) as own:
        model_versions.activate(own, judge.model)
    source = checked(path, system="shop", mapping=mapping)
    report = load(database_url, source, judge=judge, progress=Lines())
    begun = bulk_loads.begin(connection, system="shop", digest=source.digest)
    set_aside = bulk_loads.rejects(connection, begun.load_id)

    events, rejects = _streamed(path, mapping)
    assert [[one["row"], one["reason"]] for one in set_aside] == rejects
    assert report.rejects == len(rejects)
    wanted = streamed_state(postgres, events, judge)
    for part, values in state(connection).items():
        if part != "history":  # the stream told of some customers more than once
            assert values == wanted[part], part
