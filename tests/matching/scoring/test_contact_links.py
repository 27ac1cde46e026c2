"""Records of nothing but a contact: linked by it in stream and batch, bit for bit."""

from __future__ import annotations

from math import log2

import orjson
import pytest

from matching.features.normalise import CONTACT_ONLY, normalise
from matching.model.bands import Band
from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from matching.scoring.splink_predict import resolve_batch
from schemas.source_record import CustomerRecord

ANNE = CustomerRecord(
    given_name="Anne",
    family_name="Martin",
    birth_date="1980-03-14",
    emails=["anne@orange.fr"],
    phones=["0320112233"],
)
TICKET = CustomerRecord(emails=["Anne@Orange.fr"], contact_identifies=True)


def test_only_a_record_of_nothing_else_is_marked_and_only_where_asked_for() -> None:
    more = {"title": "Mme", "given_name": "A", "cards": ["C-1042"], "language": "fr"}
    marked = {
        name: CONTACT_ONLY in normalise(TICKET.model_copy(update={name: value}))
        for name, value in more.items()
    }
    assert marked == {name: name == "language" for name in more}
    assert normalise(TICKET)[CONTACT_ONLY] is True
    assert CONTACT_ONLY not in normalise(CustomerRecord(emails=TICKET.emails))
    assert CONTACT_ONLY not in normalise(CustomerRecord(contact_identifies=True))


def test_a_contact_links_at_the_match_threshold_in_stream_and_batch(
    model: Model,
) -> None:
    records = [ANNE, TICKET, TICKET, ANNE.model_copy(update={"emails": []})]
    features = dict(enumerate(model.standardise(records), start=1))
    batch = resolve_batch(model, features)
    stored = {record: orjson.dumps(one).decode() for record, one in features.items()}
    stream = Scorer(model).score(stored, {(1, 2), (1, 3), (2, 3), (1, 4)})

    assert stream == batch.pairs
    assert [pair[:2] for pair in stream] == [(1, 2), (1, 3), (1, 4), (2, 3)]
    assert set(batch.components.values()) == {1}
    match = model.bands.match
    for pair in (stream[0], stream[1], stream[3]):
        assert model.bands.of(pair.probability) is Band.MATCH
        assert (pair.probability, pair.weight) == (match, log2(match / (1 - match)))
        added = pair.evidence["contact"]["mw"]
        assert model.prior_weight + added == pytest.approx(pair.weight)
