"""What a search found, drawn for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from service.search.result import Candidate, SearchResult, Summary


def search_lines(found: SearchResult) -> Iterator[str]:
    """Yield the verdict, the candidates and what to ask."""
    yield f"{found.verdict.value.upper()}: {found.because}"
    for candidate in found.candidates:
        yield from _candidate_lines(candidate)
    if found.ask_for:
        yield f"ask for: {', '.join(_words(found.ask_for))}"
    if found.not_used:
        yield f"identifies nobody: {', '.join(_words(found.not_used))}"
    if found.left_out:
        yield f"{found.left_out} more records share a key and were not compared"


def _candidate_lines(candidate: Candidate) -> Iterator[str]:
    weight, probability = candidate.weight, candidate.probability
    yield f"{candidate.customer_id or '-'}  {weight:+.2f}  {probability:.4f}"
    if candidate.profile:
        yield f"  {_who(candidate.profile)}"
    told = sorted(candidate.evidence, key=lambda e: -abs(e.weight))
    parts = [
        f"{_words([e.comparison])[0]} {e.level} {e.weight:+.1f}"
        for e in told
        if e.weight
    ]
    yield f"  {'; '.join(parts)}"


def _who(profile: Summary) -> str:
    name = [profile.title, profile.given_name, profile.family_name]
    place = [profile.postal_code, profile.city]
    parts = [
        " ".join(filter(None, name)) or profile.full_name or "",
        profile.birth_date.isoformat() if profile.birth_date else "",
        " ".join(filter(None, place)),
        *profile.emails[:1],
        *profile.phones[:1],
    ]
    return ", ".join(filter(None, parts))


def _words(names: list[str]) -> list[str]:
    return [name.replace("_", " ") for name in names]
