"""Dirty marks: what is not yet written, kept so that any worker can finish it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints


def mark(connection: Connection, records: Iterable[tuple[int, bool]]) -> None:
    """Mark records dirty, each with whether its pairs must be scored again.

    A record that waits to be scored and need not be scored anew keeps its mark: whoever
    scores it would not find it again otherwise, and it is relabelled afterwards anyway.
    """
    rescore: dict[int, bool] = {}
    for record_id, again in records:
        rescore[record_id] = rescore.get(record_id, False) or again
    if not rescore:
        return
    ordered = sorted(rescore)
    connection.execute(
        "INSERT INTO dirty AS d (record_id, mark, scored)"
        " SELECT record_id, nextval('dirty_mark'), NOT rescore"
        " FROM unnest(%s::bigint[], %s::boolean[]) AS n (record_id, rescore)"
        " ON CONFLICT (record_id) DO UPDATE"
        " SET mark = excluded.mark, scored = d.scored AND excluded.scored"
        " WHERE d.scored OR NOT excluded.scored",
        [bigints(ordered), [rescore[record_id] for record_id in ordered]],
    )


def expire(connection: Connection, record_ids: Sequence[int]) -> None:
    """Let any worker take up these marks at once, as if whoever made them had died."""
    connection.execute(
        "UPDATE dirty SET since = 'epoch' WHERE record_id = ANY(%s::bigint[])",
        [bigints(record_ids)],
    )


def unscored(
    connection: Connection, record_ids: Sequence[int], *, orphans_after_s: int
) -> list[tuple[int, int]]:
    """Return (record id, mark) to be scored: of these, or left by a dead worker."""
    return connection.execute(
        "SELECT record_id, mark FROM dirty WHERE NOT scored"
        "   AND record_id = ANY(%s::bigint[])"
        " UNION (SELECT record_id, mark FROM dirty WHERE NOT scored"
        "   AND since < now() - make_interval(secs => %s) LIMIT 2000)",
        [bigints(record_ids), orphans_after_s],
    ).fetchall()


def scored(connection: Connection, marks: Sequence[tuple[int, int]]) -> None:
    """Say that these records' pairs are stored, unless they changed meanwhile.

    Two workers may score one record, and the first may have relabelled it by now: the
    links of the second must be looked at too, so its records are marked once more.
    """
    # No mark is given twice, so two lists say which rows are meant. A join would be
    # planned for the few rows that PostgreSQL believes are there.
    rows = connection.execute(
        "UPDATE dirty SET scored = true,"
        "   mark = CASE WHEN scored THEN nextval('dirty_mark') ELSE mark END"
        " WHERE record_id = ANY(%s::bigint[]) AND mark = ANY(%s::bigint[])"
        " RETURNING record_id",
        [bigints(m[0] for m in marks), bigints(m[1] for m in marks)],
    )
    mine = {row[0] for row in rows}
    mark(connection, [(record, False) for record, _ in marks if record not in mine])


def ready(connection: Connection) -> list[tuple[int, int]]:
    """Return (record id, mark) of all that only wait for relabel, whoever scored it."""
    return connection.execute(
        "SELECT record_id, mark FROM dirty WHERE scored ORDER BY record_id"
    ).fetchall()


def waits_for_relabel(connection: Connection) -> bool:
    """Say whether a record only waits for relabel, as after a steward's decision."""
    row = connection.execute("SELECT EXISTS (SELECT FROM dirty WHERE scored)")
    return bool(row.fetchone() == (True,))


def clear(connection: Connection, marks: Sequence[tuple[int, int]]) -> None:
    """Forget these marks; a record marked again meanwhile stays dirty."""
    connection.execute(
        "DELETE FROM dirty"
        " WHERE record_id = ANY(%s::bigint[]) AND mark = ANY(%s::bigint[])",
        [bigints(m[0] for m in marks), bigints(m[1] for m in marks)],
    )
