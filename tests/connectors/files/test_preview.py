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
UNCLEAR = "customer.deleted: is neither clearly true nor clearly false"
ROWS = "id;name;phone;gone;note\n1;Zoé;0612398457;0;x\n2;Noël;;1;\n3;Anne;;maybe;\n"


def _shown(folder: Path, *options: str, rows: str = ROWS) -> str:
    (folder / "m.yaml").write_text(MAPPING)
    (folder / "a.csv").write_bytes(rows.encode("cp1252"))
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
        '  from {"id": "1", "name": "Zoé", "phone": "0612398457", "gone": "0", '
        '"note": "x"}',
        "    given_name: Zoé",
        '    phones: ["0612398457"]',
        "row 2: customer shop:2 is deleted",
        f"row 3 is set aside: {UNCLEAR}",
        '  from {"id": "3", "name": "Anne", "gone": "maybe"}',
        "3 rows: 1 customer records, 1 customer deletions, 1 set aside",
        "    customer.given_name  100% filled, 1 distinct",
        "    customer.phones      100% filled, 1 distinct",
        f"    set aside 1 times: {UNCLEAR}",
        "columns that no field uses: note",
    ]


def test_and_as_a_program_does(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in _shown(tmp_path, "--json").splitlines()]
    assert [line["row"] for line in lines if "row" in line] == [1, 2, 3]
    assert lines[1]["after"]["given_name"] == "Zoé"
    assert lines[2]["after"] is None

    one = _shown(tmp_path, "--json", "--rows", "1", "--count", "2").splitlines()
    found = [json.loads(line) for line in one]
    assert [line.get("row") for line in found] == [None, 1, None, None]
    assert found[2]["counts"]["rows"] == 2


def test_counts_tell_what_a_mapping_fills_and_which_value_is_no_value(
    tmp_path: Path,
) -> None:
    rows = [f"{n};N{n % 4};{'0102030405' if n % 2 else ''};0;" for n in range(40)]
    text = "\n".join(["id;name;phone;gone;note", *rows, "41;Noé;;maybe;"])
    told = _shown(tmp_path, "--json", "--rows", "0", "--count", "0", rows=text)
    lines = map(json.loads, told.splitlines())
    (counts,) = [line["counts"] for line in lines if "counts" in line]

    assert counts["rows"] == 41
    assert counts["records"] == {"customer": 40}
    assert counts["set_aside"] == {UNCLEAR: 1}
    assert counts["fields"]["customer.given_name"] == {
        "filled": 40,
        "distinct": 4,
        "most_frequent": "N0",
        "times": 10,
    }
    assert counts["fields"]["customer.phones"] == {
        "filled": 20,
        "distinct": 1,
        "most_frequent": "0102030405",
        "times": 20,
    }
