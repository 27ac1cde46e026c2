"""The live screen shows its figures, as lines where there is no terminal."""

from __future__ import annotations

import pytest
from rich.console import Console

from service.demo.run.metrics import Counts, Matching
from service.demo.run.screen import Moment, Screen, panel

MOMENT = Moment(
    doing="trading",
    seconds=12,
    captured=1_234,
    counts=Counts(applied=1_230, dead_lettered=1, golden=99, unfinished=0),
    true=98,
    freshness_ms=(81, None),
    matching=Matching(0.99, 0.97),
    memory={"resolve": 200 * 2**20},
)


def test_figures_are_one_line_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Screen(live=True) as screen:
        screen.show(MOMENT)
        screen.show(MOMENT)
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "captured 1,234 changes; applied 1,230; dead letters 1" in said
    assert "customers 99 golden, 98 true; freshness p50 81 ms, p99 –" in said


def test_a_command_to_paste_is_never_broken_into_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = "curl " + "x" * 300 + " [not markup]"
    with Screen(live=False) as screen:
        screen.say(line)
    assert capsys.readouterr().out == line + "\n"


def test_the_panel_shows_processes_with_their_memory() -> None:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(panel(MOMENT))
    assert "200 MB" in captured.get()
    assert "precision 0.9900, recall 0.9700" in captured.get()
