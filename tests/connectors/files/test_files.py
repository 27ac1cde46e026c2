"""Files are read row by row whatever program wrote them, and a load goes on."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from connectors.contract import StopSource
from connectors.files.connector import FileConfig, FileConnector
from connectors.files.read import rows


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def source(path: Path, batch_size: int = 2) -> FileConnector:
    config = FileConfig(system="drop", path=path, table="t", batch_size=batch_size)
    return FileConnector(config)


@pytest.mark.parametrize(
    "content",
    [
        "id;nom\n1;Lefèvre\n".encode(),
        "\ufeffid;nom\n1;Lefèvre\n".encode(),
        "id;nom\r\n1;Lefèvre\r\n".encode("cp1252"),
        b'id;nom\n"1";"Lef\xc3\xa8vre"\n',
    ],
    ids=["utf-8", "bom", "cp1252", "quoted"],
)
def test_a_csv_file_reads_the_same_in_every_encoding(
    tmp_path: Path, content: bytes
) -> None:
    [row] = rows(write(tmp_path / "a.csv", content))
    assert row.payload == {"id": "1", "nom": "Lefèvre"}


def test_a_quoted_newline_is_part_of_its_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b'id,note\n1,"two\nlines"\n2,x\n')
    assert [(row.number, row.payload["note"]) for row in rows(path)] == [
        (1, "two\nlines"),
        (2, "x"),
    ]


def test_a_row_with_missing_cells_is_numbered_and_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"id,nom\n1,A\n2\n3,B\n")
    problems = {row.number: row.problem for row in rows(path)}
    assert problems == {1: None, 2: "has 1 cells, the header has 2", 3: None}


def test_json_lines_read_packed_or_not(tmp_path: Path) -> None:
    content = b'{"id": 1}\n\nnot json\n{"id": 2}\n'
    plain = list(rows(write(tmp_path / "a.jsonl", content)))
    packed = list(rows(write(tmp_path / "a.jsonl.gz", gzip.compress(content))))
    assert plain == packed
    assert [(row.number, row.problem) for row in plain] == [
        (1, None),
        (3, "is no JSON object"),
        (4, None),
    ]


def test_a_parquet_file_gives_json_values(tmp_path: Path) -> None:
    import datetime

    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "a.parquet"
    table = pyarrow.table({"id": [1], "born": [datetime.date(1984, 3, 9)]})
    pyarrow.parquet.write_table(table, path)
    [row] = rows(path)
    assert row.payload == {"id": 1, "born": "1984-03-09"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"PK", "is none of"),
        ("a.csv", b"id,id\n1,2\n", "no list of distinct column names"),
        (
            "a.csv.gz",
            gzip.compress(b"id\n" + b"1\n" * 9_000, mtime=0)[:40],
            "cannot be read",
        ),
        ("a.csv.gz", b"plain", "cannot be read"),
        ("a.parquet", b"PAR1", "no whole Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(StopSource, match=said):
        list(rows(write(tmp_path / name, content)))


def test_a_load_goes_on_after_the_row_it_stored(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"id\n" + b"".join(b"%d\n" % n for n in range(5)))
    first = next(source(path).snapshot())
    assert first.offset == {"row": 2}
    rest = list(source(path).changes(first.offset))
    read = [row.payload["id"] for batch in rest for row in batch.rows]
    assert read == ["2", "3", "4"]


def test_a_newer_file_wins_and_a_copy_is_the_same_file(tmp_path: Path) -> None:
    import os

    old = write(tmp_path / "old.csv", b"id\n1\n")
    new = write(tmp_path / "new.csv", b"id\n1\n")
    os.utime(old, ns=(0, 1_000_000_000))
    positions = [next(source(path).snapshot()).rows[0].position for path in (old, new)]
    assert positions[0] is not None
    assert positions[1] is not None
    assert positions[0] < positions[1]
    assert positions[1] < (1,)  # what was captured when it happened is newer
    assert source(old).digest == source(new).digest
