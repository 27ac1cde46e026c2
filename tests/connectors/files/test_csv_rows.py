"""Of a CSV file every row is read or set aside, and a bad one spoils no other."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import StopSource
from connectors.files.read import layout_of, rows
from connectors.mapping.mapping_file import Layout


def read(folder: Path, content: str | bytes, layout: Layout = Layout()) -> list[Any]:  # noqa: B008
    """Return the rows of a file: payload, or the problem."""
    path = folder / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return [one.problem or one.payload for one in rows(path, layout)]


UNCLOSED = "has a quote that is never closed (a quote within a cell is written twice)"
A, C = {"id": "1", "nom": "A"}, {"id": "3", "nom": "C"}


@pytest.mark.parametrize(
    ("second", "becomes"),
    [
        ('2;"B', UNCLOSED),
        ('2;"B;', UNCLOSED),
        ('"2;B', UNCLOSED),
        ('2;"B" C', {"id": "2", "nom": "B C"}),
        ('2;B "x" C', {"id": "2", "nom": 'B "x" C'}),
        ('2;24"', {"id": "2", "nom": '24"'}),
        ('2;"B ""x"""', {"id": "2", "nom": 'B "x"'}),
        ('2;"B \\"x\\" C"', {"id": "2", "nom": 'B "x" C'}),
        ('2;"B\nb"', {"id": "2", "nom": "B\nb"}),
        ('2;"B\n""b""\nc"', {"id": "2", "nom": 'B\n"b"\nc'}),
        ("2;B;b", "has 3 cells, the header has 2"),
        ("2;B;;", {"id": "2", "nom": "B"}),
        ("2", "has 1 cells, the header has 2"),
    ],
)
def test_a_row_is_read_or_set_aside_alone(
    tmp_path: Path, second: str, becomes: Any
) -> None:
    assert read(tmp_path, f"id;nom\n1;A\n{second}\n3;C\n") == [A, becomes, C]


def test_a_stray_quote_is_not_closed_by_the_quote_of_a_later_row(
    tmp_path: Path,
) -> None:
    later = read(tmp_path, 'id;nom\n1;"A\n2;B\n3;"C"\n')
    assert later == [UNCLOSED, {"id": "2", "nom": "B"}, C]


def test_a_cell_that_opens_and_never_ends_costs_its_row_and_no_more(
    tmp_path: Path,
) -> None:
    many = "".join(f"{n};x\n" for n in range(3_000))
    found = read(tmp_path, f'id;nom\n1;"A\n{many}')
    assert found[0] == UNCLOSED
    assert len(found) == 3_001


@pytest.mark.parametrize(
    ("header", "row", "names"),
    [
        ('"nom; prénom",id', "A,1", ["nom; prénom", "id"]),
        ('id;"nom de\nfamille"', "1;A", ["id", "nom de\nfamille"]),
        ("id;nom;;", "1;A;;", ["id", "nom"]),
        ("id;nom;;", "1;A", ["id", "nom"]),
        ("id;;nom", "1;;A", ["id", "nom"]),
        ("id|a,b|c", "1|A|B", ["id", "a,b", "c"]),
        ("\ufeffid\tnom", "1\tA", ["id", "nom"]),
    ],
)
def test_the_header_is_a_record_like_any_other(
    tmp_path: Path, header: str, row: str, names: list[str]
) -> None:
    [found] = read(tmp_path, f"{header}\n{row}\n")
    assert list(found) == names


def test_a_value_in_a_column_without_a_name_is_not_lost(tmp_path: Path) -> None:
    found = read(tmp_path, "id;nom;\n1;A;\n2;B;seen\n")
    assert found == [A, "has a value in a column without a name"]


def test_a_line_in_another_encoding_costs_its_row_and_no_more(tmp_path: Path) -> None:
    lines = ["1;Zoé".encode(), "2;Noël".encode(), "3;André".encode("cp1252")]
    found = read(tmp_path, b"id;nom\n" + b"\n".join(lines))
    assert found == [
        {"id": "1", "nom": "Zoé"},
        {"id": "2", "nom": "Noël"},
        "has bytes that are no utf-8",
    ]


@pytest.mark.parametrize("encoding", ["mac_roman", "cp850"])
def test_an_encoding_that_is_only_likely_is_asked_for(
    tmp_path: Path, encoding: str
) -> None:
    content = "id;nom\n1;Zoé Lefèvre\n2;Noël Besançon\n".encode(encoding)
    with pytest.raises(StopSource, match=f"looks like {encoding}") as refused:
        read(tmp_path, content)
    assert f"`encoding: {encoding}`" in str(refused.value.remedy)

    named = read(tmp_path, content, Layout(encoding=encoding))
    assert named[0]["nom"] == "Zoé Lefèvre"


def test_a_delimiter_that_is_named_is_taken(tmp_path: Path) -> None:
    content = "id,a^nom,b\n1,2^A\n"
    [row] = read(tmp_path, content, Layout(delimiter="^"))
    assert row == {"id,a": "1,2", "nom,b": "A"}


def test_what_is_found_out_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id;prénom;nom, suite\n1;Zoé;B\n".encode("cp1252"))
    assert layout_of(path) == Layout("cp1252", ";")


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(st.lists(st.tuples(cells, cells, cells), min_size=1), st.sampled_from(",;\t|"))
def test_what_a_program_wrote_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    written: list[tuple[str, str, str]],
    delimiter: str,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b", "c"), *written])
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_text(text.getvalue(), "utf-8", newline="")
    read_again = [tuple(one.payload.values()) for one in rows(path)]
    assert read_again == written
