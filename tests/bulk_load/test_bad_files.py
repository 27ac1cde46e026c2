"""A file that cannot be loaded is refused, with the remedy, before any write."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from service.bulk_load.mapping_from_columns import write_mapping
from service.bulk_load.source import Part, checked, parts, written
from service.cli import app
from service.database.connection.session import Connection
from service.errors import Misconfigured
from tests.bulk_load.files import COLUMNS, mapping_file, rows_of, write_csv
from tests.matching.people import crowd

HEAD = ",".join(COLUMNS) + "\n"
TEXT = HEAD + "1,Anne,Martin,,,,,,,,\n" * 2_000


def _empty(folder: Path) -> Path:
    path = folder / "people.csv"
    path.write_text(HEAD)
    return path


def _without_key(folder: Path) -> Path:
    path = folder / "people.csv"
    path.write_text("given_name,family_name\nAnne,Martin\n")
    return path


def _cut_short(folder: Path) -> Path:
    path = folder / "people.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode(), 0)[:-9_000])
    return path


def _utf_16(folder: Path) -> Path:
    path = folder / "people.csv"
    path.write_text(TEXT, encoding="utf-16")
    return path


def _no_table(folder: Path) -> Path:
    path = folder / "people.parquet"
    path.write_bytes(b"PAR1 this is no Parquet file")
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_empty, ["holds no rows"]),
        (_without_key, ["no column 'id'", "given_name, family_name", "Correct"]),
        (_cut_short, ["to its end", "fetch it again"]),
        (_utf_16, ["UTF-8"]),
        (_no_table, ["Parquet"]),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_remedy(
    make: object, words: list[str], tmp_path: Path
) -> None:
    file = make(tmp_path)  # type: ignore[operator]

    with pytest.raises(Misconfigured) as refused:
        checked(file, system="shop", mapping=mapping_file(tmp_path))

    for word in words:
        assert word in refused.value.sentence()


def test_a_mapping_that_names_an_unknown_field_is_refused(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "people.csv", rows_of(crowd(4, seed=1)))
    mapping = mapping_file(tmp_path)
    mapping.write_text(mapping.read_text().replace("given_name:", "firstname:"))

    with pytest.raises(Misconfigured) as refused:
        checked(file, system="shop", mapping=mapping)

    assert "firstname" in refused.value.sentence()
    assert "mapping.yaml:7" in refused.value.sentence()


def test_columns_on_the_command_line_make_a_mapping(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("No.,First name,born,mail\n7,Anne,03/05/1980,a@x.fr;b@x.fr\n")
    columns = {"id": "No.", "given_name": "First name", "birth_date": "born"}
    mapping = write_mapping(columns | {"email": "mail"}, tmp_path, dates="DMY")

    found = _read(file, mapping)

    assert found.rows[0]["id"] == "7"
    assert found.rows[0]["after"]["birth_date"] == "1980-05-03"
    assert found.rows[0]["after"]["given_name"] == "Anne"


@pytest.mark.parametrize(
    "columns", [{"id": "a", "shoe_size": "b"}, {"given_name": "a"}]
)
def test_columns_that_make_no_mapping_are_refused(
    columns: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured):
        write_mapping(columns, tmp_path)


def test_bad_rows_are_set_aside_and_the_good_ones_read(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    lines = ["1,Anne", "2", ",Bea", "4,Chloé\0", "5,Dora"]
    file.write_text("id,given_name\n" + "\n".join(lines) + "\n")
    mapping = write_mapping({"id": "id", "given_name": "given_name"}, tmp_path)

    found = _read(file, mapping)

    assert [row["id"] for row in found.rows] == ["1", "5"]
    assert [row["row"] for row in found.rejects] == [2, 3, 4]
    assert all(row["reason"] for row in found.rejects)


def test_runs_of_parts_are_written_short() -> None:
    assert written([0, 1, 2, 5, 7, 8]) == "0-2,5-5,7-8"


def test_the_command_tells_and_writes_nothing(
    connection: Connection, database_url: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "service.cli", "load", str(_empty(tmp_path))]
    command += ["--system", "shop", "--map", "id=id", "--map", "email=email"]
    done = subprocess.run(
        command,
        env=os.environ | {"COUTURE_DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 1
    assert "holds no rows" in done.stderr
    assert "Traceback" not in done.stderr
    assert connection.execute("SELECT count(*) FROM bulk_load").fetchone() == (0,)


def test_the_command_loads_and_names_the_rejects(
    connection: Connection, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id,name,mail\n1,Anne,a@x.fr\n2\n3,Anne,a@x.fr\n")
    command = [sys.executable, "-m", "service.cli", "load", str(file), "--json"]
    command += ["--system", "shop", "--map", "id=id", "--map", "given_name=name"]
    command += ["--map", "email=mail"]
    done = subprocess.run(
        command,
        env=os.environ | {"COUTURE_DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    said = orjson.loads(done.stdout)
    assert (said["records"], said["rejects"]) == (2, 1)
    rejects = Path(said["rejects_file"]).read_bytes().splitlines()
    assert [orjson.loads(line)["row"] for line in rejects] == [2]
    assert connection.execute("SELECT count(*) FROM label").fetchone() == (2,)


def _read(file: Path, mapping: Path) -> Part:
    source = checked(file, system="shop", mapping=mapping)
    (found,) = parts(source, first=0, of=1, done=frozenset())
    return found


DELETING = """
tables:
  people:
    kind: customer
    id: id
    deleted: gone
    fields: { given_name: name }
"""


def _deletions(folder: Path, flags: str) -> Path:
    (folder / "deleting.yaml").write_text(DELETING)
    file = folder / "people.csv"
    rows = [f"{n};Anne;{flag}" for n, flag in enumerate(flags.split(), 1)]
    file.write_text("\n".join(["id;name;gone", *rows]))
    return file


def test_a_file_that_is_mostly_deletions_is_asked_about(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUTURE_DATABASE_URL", database_url)
    command = ["load", str(_deletions(tmp_path, "1 oui 0"))]
    command += ["--system", "shop", "--mapping", str(tmp_path / "deleting.yaml")]

    refused = CliRunner().invoke(app, command)
    allowed = CliRunner().invoke(app, [*command, "--allow-deletions"])

    assert refused.exit_code != 0
    assert "2 of the 3 rows" in refused.output
    assert "--allow-deletions" in refused.output
    assert allowed.exit_code == 0, allowed.output
    assert "read as utf-8, with the delimiter ;" in allowed.output


def test_a_file_with_flags_that_say_no_is_not_asked_about(tmp_path: Path) -> None:
    file = _deletions(tmp_path, "0 non false 1 peut-être")
    mapping = tmp_path / "deleting.yaml"

    source = checked(file, system="shop", mapping=mapping)

    assert (source.deletions, source.deletes_most) == (1, False)
    (read,) = parts(source, first=0, of=1, done=frozenset())
    assert [row["after"] is None for row in read.rows] == [False, False, False, True]
    assert [reject["row"] for reject in read.rejects] == [5]
