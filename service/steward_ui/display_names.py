"""What the code names, in words for people; each is translated where it is shown."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

KINDS = {
    "undecided": _("The model is not sure"),
    "refused": _("A rule keeps a likely match apart"),
    "contradiction": _("Decisions contradict each other"),
    "suspect": _("One customer that looks like several"),
    "giant": _("Too many records hang together"),
}
FIELDS = {
    "given_name": _("Given name"),
    "family_name": _("Family name"),
    "birth_name": _("Birth name"),
    "full_name": _("Full name"),
    "title": _("Title"),
    "gender": _("Gender"),
    "birth_date": _("Birth date"),
    "emails": _("E-mails"),
    "email": _("E-mail"),
    "phones": _("Phones"),
    "phone": _("Phone"),
    "addresses": _("Addresses"),
    "address": _("Address"),
    "cards": _("Cards"),
    "card": _("Card"),
    "national_id": _("National id"),
    "language": _("Language"),
    "preferences": _("Preferences"),
    "owner": _("Owner"),
    "household": _("Household"),
    "contact": _("Nothing but a contact"),
    "prior": _("Before any field"),
}
VERDICTS = {
    "same": _("same person"),
    "different": _("different people"),
}
WHY = {
    "one_customer": _("They are one customer."),
    "not_yet_resolved": _("A change of one of them is being resolved."),
    "decided_different": _("A steward decided that they are different people."),
    "refused_by_rule": _("A rule keeps them apart."),
    "below_threshold": _("Their match weight is below the threshold."),
    "never_compared": _("They share no key, so they were never compared."),
}
STATES = {
    "equal": _("alike"),
    "differs": _("differs"),
    "one_side": _("on one side only"),
}
CONSENTS = {"given": _("given"), "withdrawn": _("withdrawn")}


def harm(points: float, open_orders: int, conflict: bool) -> str:
    """Return a class name for how much is at stake."""
    if conflict or points >= 500 or open_orders > 1:
        return "high"
    return "middle" if points or open_orders else "low"
