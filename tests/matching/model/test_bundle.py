"""A bundle or records that must not decide: told before anything is written."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from matching.errors import UntrainableRecords, UnusableModel
from matching.evaluation.evaluate import evaluate
from matching.model.model_version import Model
from matching.training.train import train
from service.cli import app
from tests.matching.people import crowd, person

HEADER = "who,first,last,born,phone"
MAP = ("--map", "given_name=first", "--map", "family_name=last", "--map",
       "birth_date=born", "--map", "phone=phone")  # fmt: skip
Change = Callable[[dict[str, Any]], object]


def changed(model: Model, change: Change) -> bytes:
    """Return the bundle with one thing changed, sealed as if it had been made so."""
    document = json.loads(gzip.decompress(model.to_bytes()))
    document.pop("digest")
    change(document)
    return json.dumps(document).encode()


def couture_model(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["model", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, f"{done.output}{done.exception or ''}"


WRONG: list[tuple[Change, str]] = [
    (lambda d: d.update(tresholds={}), "unknown field tresholds in the bundle"),
    (lambda d: d["settings"].update(em_rounds=3), "unknown field em_rounds in setti"),
    (
        lambda d: d["settings"]["comparisons"][0].update(weight=2),
        "unknown field weight in comparison given_name",
    ),
    (
        lambda d: d["settings"]["comparisons"][1]["comparison_levels"][0].update(w=2),
        "unknown field w in a level of comparison family_name",
    ),
    (
        lambda d: d["settings"].update(
            blocking_rules_to_generate_predictions=["l.city = r.city"]
        ),
        "blocking rules of its own",
    ),
    (lambda d: d.update(rules=[]), "no blocking rules"),
    (lambda d: d["rules"].append("l.city = r.city"), "not an equi-join"),
    (lambda d: d["rules"].append(["far", ["l.city <> r.city"]]), "not an equi-join"),
    (lambda d: d["rules"].append(["town", ["twon"]]), "not an equi-join"),
    (lambda d: d["rules"].append(["all", []]), "not an equi-join"),
    (lambda d: d["rules"].append(d["rules"][0]), "one name"),
    (lambda d: d["bands"].update(match=0.1), "bands must be"),
    (lambda d: d["bands"].pop("match"), "not a model bundle"),
    (lambda d: d.pop("settings"), "it has no settings"),
    (lambda d: d.update(stop_values=3), "not a model bundle"),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_a_bundle_that_is_not_understood_is_refused(
    model: Model, change: Change, said: str
) -> None:
    with pytest.raises(UnusableModel, match=said):
        Model.from_bytes(changed(model, change))


def test_a_bundle_states_its_digest_and_shows_when_it_was_changed(model: Model) -> None:
    text = gzip.decompress(model.to_bytes())
    assert json.loads(text)["digest"] == model.digest
    assert Model.from_bytes(text).digest == model.digest
    other = text.replace(b'"match":0.', b'"match":0.1', 1)
    assert other != text
    with pytest.raises(UnusableModel, match="changed after it was made"):
        Model.from_bytes(other)
    with pytest.raises(UnusableModel, match="written anew"):
        Model.from_bytes(json.dumps(json.loads(text), sort_keys=True).encode())


def test_a_bundle_without_a_stated_digest_is_known_by_its_content(model: Model) -> None:
    bundle = changed(model, lambda d: d.update(name="older"))
    assert Model.from_bytes(bundle).digest == hashlib.sha256(bundle).hexdigest()


def test_a_bundle_that_must_not_score_here_measures_nothing(
    model: Model, people: Path
) -> None:
    elsewhere = replace(model, versions={"duckdb": "1.0.0", "splink": "4.0.0"})
    older = replace(model, standardiser="0")
    moved = [{**golden, "weight": golden["weight"] + 1} for golden in model.golden]
    for wrong, said in (
        (elsewhere, "installed"),
        (older, "standardiser"),
        (replace(model, golden=moved), "bit-equal"),
    ):
        with pytest.raises(UnusableModel, match=said):
            evaluate([people], {"family_name": "last"}, "who", model=wrong)


def test_the_commands_tell_what_is_wrong_with_a_bundle(
    model: Model, people: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_bytes(changed(model, lambda d: d["settings"].update(em_rounds=3)))
    older = tmp_path / "older.json.gz"
    older.write_bytes(replace(model, standardiser="0").to_bytes())
    evaluated = ("evaluate", str(people), "--truth", "who", *MAP, "--model")
    for arguments, said in (
        (("show", str(wrong)), "unknown field em_rounds in settings"),
        (("show", str(people)), "not a model bundle"),
        (("show", str(tmp_path / "none.gz")), "none.gz"),
        ((*evaluated, str(wrong)), "unknown field em_rounds in settings"),
        ((*evaluated, str(older)), "standardiser 0"),
    ):
        code, output = couture_model(*arguments)
        assert code != 0
        assert said in output
        assert "Traceback" not in output


def test_nothing_is_learnt_from_too_little() -> None:
    someone = person(given_name="Luc", family_name="Roux", birth_date="1970-05-04")
    nameless = [person(emails=[f"somebody{i}@poste.fr"]) for i in range(60)]
    for records, said in (
        ([], "0 records are too few"),
        ([someone] * 500, "only 1 different"),
        ([person()] * 60, "only 1 different"),
        (nameless, "hold a name"),
    ):
        with pytest.raises(UntrainableRecords, match=said):
            train(records)


def test_a_giant_block_is_left_out_and_told_apart_records_are_learnt_from() -> None:
    crowded = [
        record.model_copy(update={"phones": ["0612984571"], "cards": ["CLUB-000001"]})
        for record in crowd(600, seed=3)
    ]
    model = train(crowded)
    assert "+33612984571" in model.stop_values["phones"]
    assert model.stop_values["cards"] == {"club000001"}
    assert max(_sizes(model, crowded)) <= 400


def _sizes(model: Model, records: list[Any]) -> list[int]:
    counts: dict[int, int] = {}
    for features in model.standardise(records):
        for key in model.blocking_keys(features):
            counts[key] = counts.get(key, 0) + 1
    return list(counts.values())


def test_a_training_that_cannot_be_leaves_the_old_bundle_alone(tmp_path: Path) -> None:
    out = tmp_path / "ours.json.gz"
    out.write_bytes(b"what was there")
    empty, repeated = tmp_path / "empty.csv", tmp_path / "repeated.csv"
    empty.write_text(HEADER + "\n", encoding="utf-8")
    same = "1,Luc,Roux,1970-05-04,0612984571\n"
    repeated.write_text(HEADER + "\n" + same * 300, encoding="utf-8")
    for file, said in ((empty, "0 records are too few"), (repeated, "1 different")):
        code, output = couture_model("train", str(file), *MAP, "--out", str(out))
        assert code != 0
        assert said in output
        assert out.read_bytes() == b"what was there"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    rows = [f"{i},Luc,Roux,1970-05-{i:02d},06129845{i:02d}" for i in range(1, 20)]
    file.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return file
