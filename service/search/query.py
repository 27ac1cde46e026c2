"""What a clerk knows of a person: any subset of these, in the words of the records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from matching.features.normalise import Features
from schemas.source_record import Address, CustomerRecord
from schemas.text import FrozenModel, storable
from service.errors import ServiceError

LONGEST = 320


def _written(value: object) -> object:
    # A number would be read as seconds since 1970.
    if value is None or isinstance(value, str | date):
        return value
    raise PydanticCustomError("not_a_date", "must be a date, written YYYY-MM-DD")


_Known = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST),
    AfterValidator(storable),
]


class Unsearchable(ServiceError):
    """What is known of a person cannot be searched for: say it otherwise."""

    remedy = "Give what is known: couture search --help lists the fields."


class SearchQuery(FrozenModel):
    """A person as known at a counter or on the phone; empty fields say nothing."""

    given_name: _Known | None = Field(default=None, examples=["Marie"])
    family_name: _Known | None = Field(default=None, examples=["Durand"])
    birth_name: _Known | None = None
    full_name: _Known | None = Field(
        default=None, description="where given and family name cannot be told apart"
    )
    title: _Known | None = None
    gender: _Known | None = None
    birth_date: Annotated[date | None, BeforeValidator(_written)] = Field(
        default=None, examples=["1984-02-17"]
    )
    email: _Known | None = Field(default=None, examples=["marie@maison.test"])
    phone: _Known | None = Field(default=None, examples=["06 47 12 98 30"])
    card: _Known | None = Field(default=None, description="a loyalty card number")
    national_id: _Known | None = None
    street_number: _Known | None = None
    street: _Known | None = Field(
        default=None, description="with the number, if it is not given apart"
    )
    postal_code: _Known | None = Field(default=None, examples=["69003"])
    city: _Known | None = Field(default=None, examples=["Lyon"])
    country: _Known | None = None

    def record(self) -> CustomerRecord:
        """Return the record that a source would publish of this person."""
        given = {name: value for name, value in self if value}
        address = {name: given.pop(name) for name in _ADDRESS if name in given}
        several = {
            plural: [given.pop(name)]
            for name, plural in _SEVERAL.items()
            if name in given
        }
        addresses = [Address(**address)] if address else []
        return CustomerRecord(**given, **several, addresses=addresses)

    def is_empty(self) -> bool:
        """Say whether it says nothing of anybody; a country alone does not."""
        return not any(value for name, value in self if name != "country")

    def not_used(self, features: Features) -> list[str]:
        """Return the fields given of which nothing is left to compare."""
        return [
            name
            for name, value in self
            if value and name in _FEATURE and features.get(_FEATURE[name]) is None
        ]


def asked_for(**fields: str | None) -> SearchQuery:
    """Return the query of these fields; raise Unsearchable, naming what is wrong."""
    try:
        query = SearchQuery.model_validate(fields)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        option = "--" + str(wrong["loc"][0]).replace("_", "-")
        raise Unsearchable(f"{option} does not fit: {wrong['msg']}.") from None
    if query.is_empty():
        raise Unsearchable("Nothing is said of the person.")
    return query


_ADDRESS = ("street_number", "street", "postal_code", "city", "country")
_SEVERAL = {"email": "emails", "phone": "phones", "card": "cards"}
_FEATURE: Mapping[str, str] = {
    "given_name": "given_names",
    "family_name": "family_names",
    "birth_name": "family_names",
    "full_name": "names",
    "title": "gender",
    "gender": "gender",
    "birth_date": "birth_date",
    "email": "emails",
    "phone": "phones",
    "card": "cards",
    "national_id": "national_id",
    "street_number": "street_number",
    "street": "street",
    "postal_code": "postal_code",
    "city": "city",
}
