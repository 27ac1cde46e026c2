"""The README tells what is there, and all that is there to run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from service.cli import app
from tests.repository.repository import ROOT, text, tracked

README = text("README.md")
MAKEFILE = text("Makefile")
DOCUMENTS = [str(file) for file in tracked() if file.suffix == ".md"]
COMMANDS = sorted(set(re.findall(r"`couture ([a-z]+(?: [a-z][a-z-]*)?)", README)))
TARGETS = sorted(set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.M)))


def _leaves(click_command: object, path: tuple[str, ...] = ()) -> Iterator[str]:
    inner = getattr(click_command, "commands", None)
    if inner is None:
        yield " ".join(path)
        return
    for name, one in inner.items():
        yield from _leaves(one, (*path, name))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_named_in_the_readme_exists(command: str) -> None:
    shown = CliRunner().invoke(app, [*command.split(), "--help"])

    assert shown.exit_code == 0, shown.output


def test_the_readme_names_every_command() -> None:
    named = {command.split()[0] for command in COMMANDS}
    existing = {leaf.split()[0] for leaf in _leaves(typer.main.get_command(app))}

    assert existing <= named


@pytest.mark.parametrize("target", TARGETS)
def test_a_make_target_named_in_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_the_two_commands_stand_at_the_top() -> None:
    top = README.split("\n## ")[0]

    assert "\nmake demo" in top
    assert "\nmake test" in top


@pytest.mark.parametrize("document", DOCUMENTS)
def test_relative_links_resolve(document: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text(document))
    folder = (ROOT / document).parent

    broken = [
        link for link in links if "://" not in link and not (folder / link).exists()
    ]
    assert broken == []


def test_the_readme_shows_the_curl_that_the_demo_prints() -> None:
    shown = re.search(r"^curl .*", README, re.MULTILINE)
    printed = text("service/demo/run/run.py")

    assert shown
    assert shown[0].startswith("curl -H 'Authorization: Bearer couture_")
    assert "curl -H 'Authorization: Bearer {" in printed
    assert "/v1/customers?source_key=" in shown[0]
    assert "/v1/customers?source_key=" in printed


@pytest.mark.parametrize("document", [*DOCUMENTS, "docker-compose.yml", ".ci/run"])
def test_no_document_names_a_place_of_one_machine(document: str) -> None:
    assert not re.search(r"(?<![\w.])/(work|opt|root)/(?!kafka/bin)", text(document))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_named_in_a_document_are_there(document: str) -> None:
    rooms = "schemas|matching|connectors|service|tests|benchmarks|docs|operation"
    named = re.findall(rf"`((?:{rooms})/[\w./-]+)`", text(document))
    folder = (ROOT / document).parent
    gone = [f for f in named if not ((ROOT / f).exists() or (folder / f).exists())]
    assert gone == []
