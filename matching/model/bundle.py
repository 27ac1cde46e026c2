"""The bytes of a model bundle: sealed with their digest, opened and looked through.

What is wrong is said before anything is built on it: what, why, and what to do.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from matching.errors import UnusableModel
from matching.features.normalise import LISTS, TEXTS

_SEAL = re.compile(rb'\{"digest":"([0-9a-f]{64})",')
_SETTINGS = frozenset(
    """
    link_type sql_dialect unique_id_column_name comparisons
    blocking_rules_to_generate_predictions retain_matching_columns
    retain_intermediate_calculation_columns max_iterations em_convergence
    probability_two_random_records_match
    """.split()
)
_COMPARISON = frozenset(
    "output_column_name comparison_levels comparison_description".split()
)
_LEVEL = frozenset(
    """
    sql_condition label_for_charts is_null_level m_probability u_probability
    fix_m_probability fix_u_probability tf_adjustment_column tf_adjustment_weight
    tf_minimum_u_value disable_tf_exact_match_detection
    """.split()
)
_TRAIN = "train one with `couture model train`"


def sealed(canonical: bytes) -> bytes:
    """Return a bundle of this content, with its digest stated in it."""
    digest = hashlib.sha256(canonical).hexdigest().encode()
    text = b'{"digest":"' + digest + b'",' + canonical[1:]
    return gzip.compress(text, compresslevel=9, mtime=0)


def opened(bundle: bytes) -> bytes:
    """Return the content of a bundle; raises UnusableModel if it was changed."""
    try:
        text = gzip.decompress(bundle) if bundle[:2] == b"\x1f\x8b" else bundle
    except (OSError, EOFError, ValueError) as error:
        raise UnusableModel(f"not a model bundle ({error!r}); {_TRAIN}") from error
    seal = _SEAL.match(text)
    if seal is None:  # a bundle of before digests were stated
        return text
    content = b"{" + text[seal.end() :]
    found = hashlib.sha256(content).hexdigest()
    if found != seal[1].decode():
        raise UnusableModel(
            f"the bundle was changed after it was made: it states the digest "
            f"{seal[1].decode()[:12]} and has {found[:12]}; fetch it again, "
            f"or {_TRAIN}"
        )
    return content


def document_of(content: bytes, known: Collection[str]) -> dict[str, Any]:
    """Return the document of a bundle; raises UnusableModel if it is not understood."""
    try:
        document = json.loads(content)
    except ValueError as error:
        raise UnusableModel(f"not a model bundle ({error!r}); {_TRAIN}") from error
    if not isinstance(document, dict):
        raise UnusableModel(f"not a model bundle (no JSON object); {_TRAIN}")
    if "digest" in document:  # stated where no seal is: someone wrote the file anew
        raise UnusableModel(
            "the bundle was written anew after it was made, so its digest tells "
            f"nothing; fetch it again, or {_TRAIN}"
        )
    _only(document, known, "the bundle")
    _check_settings(document.get("settings"))
    _check_rules(document.get("rules"))
    return document


def _check_settings(settings: object) -> None:
    if not isinstance(settings, Mapping):
        raise UnusableModel(f"not a model bundle (it has no settings); {_TRAIN}")
    _only(settings, _SETTINGS, "settings")
    if settings.get("blocking_rules_to_generate_predictions"):
        raise UnusableModel(
            "settings holds blocking rules of its own, which the stream would not "
            "follow; state them in the bundle's `rules`"
        )
    for comparison in settings.get("comparisons", ()):
        where = f"comparison {comparison.get('output_column_name')}"
        _only(comparison, _COMPARISON, where)
        for level in comparison.get("comparison_levels", ()):
            _only(level, _LEVEL, f"a level of {where}")


def _only(held: Mapping[str, Any], known: Collection[str], where: str) -> None:
    if unknown := sorted(set(held) - set(known)):
        raise UnusableModel(
            f"unknown field {', '.join(unknown)} in {where}: it would be ignored "
            f"without a word; correct its name, take it out, or install the version "
            f"of Couture that knows it. Known are: {' '.join(sorted(known))}"
        )


def _check_rules(rules: object) -> None:
    if not isinstance(rules, Sequence) or isinstance(rules, str) or not rules:
        raise UnusableModel(
            f"the bundle has no blocking rules, so no pair would be found; {_TRAIN}"
        )
    features = {*TEXTS, *LISTS}
    for rule in rules:
        if not _is_equi_join(rule, features):
            raise UnusableModel(
                f"blocking rule {json.dumps(rule)} is not an equi-join of one record's "
                'features; write ["a name", ["feature", ...]], where records sharing '
                "a value of each feature are compared. Features are: "
                + " ".join(sorted(features))
            )
    if len({rule[0] for rule in rules}) < len(rules):
        raise UnusableModel(
            "two blocking rules have one name, so their keys would mix; rename one"
        )


def _is_equi_join(rule: object, features: Collection[str]) -> bool:
    if not isinstance(rule, list) or len(rule) != 2:
        return False
    name, columns = rule
    return (
        isinstance(name, str)
        and re.fullmatch(r"\w+", name) is not None
        and isinstance(columns, list)
        and bool(columns)
        and all(isinstance(c, str) and c in features for c in columns)
    )
