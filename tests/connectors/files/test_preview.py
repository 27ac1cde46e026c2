"""What a mapping makes of a file is shown before anything is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MAPPING = """
tables:
  client:
    kind: customer
    id: id
    deleted: gone
    fields: { given_name: name, phones: [phone] }
"""
ROWS = "id;name;phone;gone;note\n1;Zoé;0612398457;0;x\n2;Noël;;1;\n3;Anne;;maybe;\n"


def _shown(folder: Path, *options: str) -> str:
    (folder / "m.yaml").write_text(MAPPING)
    (folder / "a.csv").write_bytes(ROWS.encode("cp1252"))
    command = [sys.executable, "-m", "service.cli", "connector", "test-mapping"]
    arguments = ["a.csv", "--system", "shop", "--mapping", "m.yaml", *options]
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env={"PYTHONPATH": root, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def test_the_first_rows_are_shown_as_a_person_reads_them(tmp_path: Path) -> None:
    assert _shown(tmp_path).splitlines() == [
        "a.csv is read as cp1252, with the delimiter ;",
        "row 1: customer shop:1",
        "    given_name: Zoé",
        '    phones: ["0612398457"]',
        "row 2: customer shop:2 is deleted",
        "row 3 is set aside: customer.deleted: "
        "is neither clearly true nor clearly false",
        "columns that no field uses: note",
    ]


def test_and_as_a_program_does(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in _shown(tmp_path, "--json").splitlines()]
    assert [line["row"] for line in lines if "row" in line] == [1, 2, 3]
    assert lines[1]["after"]["given_name"] == "Zoé"
    assert lines[2]["after"] is None

    one = _shown(tmp_path, "--json", "--rows", "1").splitlines()
    assert [json.loads(line).get("row") for line in one] == [None, 1, None]
