"""Cases: a matter followed across channels, with the reply that was promised."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from schemas.facts import Interaction, InteractionStatus
from schemas.source_key import SourceKey
from service.access import needs
from service.api.http.context import context, read
from service.api.http.pagination import after, page_answer
from service.api.http.security_headers import KEY
from service.api.models.parameters import CustomerPath
from service.api.models.responses import responses_for
from service.api.models.timeline import CasesAnswer, CasesQuery
from service.database.facts import cases as case_reads
from service.domain.cases import Case, Contact
from service.domain.cases import cases as cases_of

cases = APIBlueprint(
    "cases",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="cases", description="Matters followed across channels")],
)


@cases.get(
    "/v1/customers/<customer_id>/cases",
    responses=responses_for(CasesAnswer, 404, moved=True),
)
@needs("cases:read")
def customer_cases(path: CustomerPath, query: CasesQuery) -> Response:
    """List a customer's cases of all channels, the last spoken of first."""
    place = after("cases", path.customer_id, query.cursor)
    stored = read(lambda c: case_reads.contacts(c, path.customer_id))
    if stored is not None:
        found = cases_of(map(_contact, stored.rows), now=context().clock())
        shown = [c for c in found if _asked_for(c, query) and _comes_after(c, place)]
        rows = [case.model_dump(mode="json") for case in shown[: query.limit + 1]]
        stored = stored._replace(rows=rows)
    return page_answer(
        stored,
        listing="cases",
        customer_id=path.customer_id,
        limit=query.limit,
        row=lambda row: row,
        place=lambda row: [row["last_contact_at"], row["case_id"]],
    )


def _contact(row: dict[str, Any]) -> Contact:
    told = Interaction.model_validate(row["record"])
    key = SourceKey(row["system"], row["id"])
    return Contact(told.at, key, told, row["alerted"])


def _asked_for(case: Case, query: CasesQuery) -> bool:
    is_open = case.status is not InteractionStatus.CLOSED
    return query.open is None or query.open == is_open


def _comes_after(case: Case, place: list[Any] | None) -> bool:
    if place is None:
        return True
    last = datetime.fromisoformat(place[0])
    return (case.last_contact_at, case.case_id) < (last, place[1])
