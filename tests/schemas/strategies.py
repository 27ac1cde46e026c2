"""Any change event that a connector could send, for property tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from schemas.change_event import (
    ChangeEvent,
    ConsentChange,
    CustomerChange,
    InteractionChange,
    MovementChange,
    Op,
    OrderChange,
    Source,
)
from schemas.facts import (
    Consent,
    ConsentStatus,
    Fulfilment,
    FulfilmentKind,
    Interaction,
    InteractionStatus,
    LoyaltyMovement,
    MovementKind,
    Order,
    OrderLine,
    OrderStatus,
    StatusChange,
)
from schemas.source_key import SourceKey
from schemas.source_record import Address, CustomerRecord

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
texts = st.text(characters, max_size=30)
identifiers = st.text(characters, min_size=1, max_size=30).filter(str.strip)
systems = st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True)
keys = st.builds(SourceKey, systems, identifiers)
times = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 hypothesis wants the bounds naive
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
dates = st.dates(min_value=date.min)
amounts = st.decimals(
    min_value=Decimal("-99999999999999"), max_value=Decimal("99999999999999"), places=4
)
longs = st.integers(0, 2**63 - 1)
milliseconds = st.integers(0, 253_402_300_799_999)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
raws = st.dictionaries(
    texts,
    st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
        ),
        max_leaves=6,
    ),
    max_size=5,
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw from a strategy, or nothing."""
    return st.none() | strategy


contacts = st.lists(texts, max_size=3)
addresses = st.builds(
    Address, street=maybe(texts), postal_code=maybe(texts), city=maybe(texts)
)
customer_records = st.builds(
    CustomerRecord,
    given_name=maybe(texts),
    family_name=maybe(texts),
    birth_date=maybe(dates),
    emails=contacts,
    phones=contacts,
    cards=contacts,
    addresses=st.lists(addresses, max_size=2),
    preferences=st.dictionaries(identifiers, texts, max_size=3),
    owner=maybe(identifiers),
    updated_at=maybe(times),
)
orders = st.builds(
    Order,
    customer=maybe(keys),
    channel=identifiers,
    status=st.sampled_from(OrderStatus),
    status_history=st.lists(
        st.builds(StatusChange, status=st.sampled_from(OrderStatus), at=times),
        max_size=3,
    ),
    fulfilment=maybe(
        st.builds(
            Fulfilment, kind=st.sampled_from(FulfilmentKind), promised_on=maybe(dates)
        )
    ),
    lines=st.lists(
        st.builds(OrderLine, sku=texts, quantity=amounts, amount=maybe(amounts)),
        max_size=2,
    ),
    total=maybe(amounts),
    placed_at=times,
)
movements = st.builds(
    LoyaltyMovement,
    account=keys,
    programme=identifiers,
    unit=identifiers,
    amount=amounts,
    kind=st.sampled_from(MovementKind),
    at=times,
    expires_on=maybe(dates),
)
interactions = st.builds(
    Interaction,
    customer=keys,
    channel=identifiers,
    kind=identifiers,
    status=st.sampled_from(InteractionStatus),
    cost=maybe(amounts),
    at=times,
)
consents = st.builds(
    Consent,
    customer=keys,
    purpose=identifiers,
    channel=identifiers,
    status=st.sampled_from(ConsentStatus),
    at=times,
)

KINDS: dict[type[ChangeEvent], st.SearchStrategy[Any]] = {
    CustomerChange: customer_records,
    OrderChange: orders,
    MovementChange: movements,
    InteractionChange: interactions,
    ConsentChange: consents,
}


@st.composite
def change_events(draw: st.DrawFn) -> ChangeEvent:
    """Draw one change event of any kind."""
    change_type: type[Any] = draw(st.sampled_from(list(KINDS)))
    op = draw(st.sampled_from(Op))
    event: ChangeEvent = change_type(
        op=op,
        key=draw(keys),
        position=tuple(draw(st.lists(longs, min_size=1, max_size=6))),
        raw=draw(maybe(raws)),
        source=Source(
            connector=draw(identifiers),
            table=draw(identifiers),
            ts_ms=draw(maybe(milliseconds)),
            snapshot=draw(st.booleans()),
        ),
        ts_ms=draw(milliseconds),
        after=None if op is Op.DELETE else draw(KINDS[change_type]),
    )
    return event
