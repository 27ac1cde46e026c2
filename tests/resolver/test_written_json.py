"""What is written without a model is, byte for byte, what the schema would write."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from matching.survivorship import StoredMember
from schemas.customer_event import CustomerEvent
from schemas.golden_record import Profile
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.database.customers.customers import CustomerWrite
from service.domain.profile import Facts, document, stored_body
from service.resolver.changes import Change
from service.resolver.customer_events import announcement

_TEXT = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8
)
_NAME = st.sampled_from(["Anne", "ANNE", "Zoé", "inconnu", ""]) | _TEXT
_CONTACT = st.sampled_from(["a@x.fr", "A@X.fr", "06 12 98 45 71", "+33612984571", "x"])
_TIME = st.datetimes(timezones=st.just(UTC))
_PLACE = st.fixed_dictionaries(
    {}, optional={"street": _TEXT, "postal_code": _TEXT, "city": _TEXT}
)
_RECORD = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("given_name", "family_name", "full_name", "title"), _NAME),
        "birth_date": st.dates(),
        "emails": st.lists(_CONTACT, max_size=3),
        "phones": st.lists(_CONTACT, max_size=3),
        "cards": st.lists(_CONTACT, max_size=2),
        "addresses": st.lists(_PLACE, max_size=2),
        "preferences": st.dictionaries(st.sampled_from("abc"), _TEXT, max_size=2),
        "owner": st.sampled_from(["brand", "franchise"]),
        "updated_at": _TIME,
    },
)
ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def _member(
    number: int, fields: dict[str, object], at: datetime | None
) -> StoredMember:
    record = CustomerRecord.model_validate(fields)
    as_stored = record.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    # jsonb gives an object's keys back in another order
    shuffled = {name: as_stored[name] for name in sorted(as_stored, key=len)}
    return StoredMember(SourceKey("pos", f"é{number}"), shuffled, at)


_MEMBERS = st.lists(st.tuples(_RECORD, st.none() | _TIME), min_size=1, max_size=4).map(
    lambda many: [_member(i, fields, at) for i, (fields, at) in enumerate(many)]
)


@settings(max_examples=200)
@given(_MEMBERS)
def test_a_profile_has_the_bytes_of_its_schema(members: list[StoredMember]) -> None:
    body, _ = stored_body(members, Facts())
    written = document(ID, 7, body)

    own = Profile.model_validate_json(written)

    # the schema puts id and version last, the document first: so compare without
    last = own.model_dump_json(exclude_none=True, exclude={"customer_id", "version"})
    assert body == last.encode()


@settings(max_examples=100)
@given(_MEMBERS, st.booleans())
def test_an_event_has_the_bytes_of_its_schema(
    members: list[StoredMember], merged: bool
) -> None:
    body, _ = stored_body(members, Facts())
    after = CustomerWrite(
        ID, 1, None, 2, document(ID, 2, body), "couture.customer.created"
    )
    other = frozenset({UUID(int=ID.int + 1)})
    keys = [member.key for member in members]
    gained = other if merged else frozenset()
    change = Change(ID, None, 1, None, [], keys, gained, frozenset())

    said = announcement(change, after).value

    assert said is not None
    own = CustomerEvent.model_validate_json(said)
    assert said == own.model_dump_json(exclude_defaults=True).encode()
