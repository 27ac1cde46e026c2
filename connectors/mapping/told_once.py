"""What an integrator should know of a mapping at work, told once and not per row."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(slots=True)
class ToldOnce:
    """Sentences that nobody has read yet; each subject has one in its life."""

    _subjects: set[Hashable] = field(default_factory=set)
    _untold: list[str] = field(default_factory=list)

    def say(self, sentence: str, *, on: Hashable) -> None:
        """Have it told, unless its subject had a sentence before."""
        if on not in self._subjects:
            self._subjects.add(on)
            self._untold.append(sentence)

    def take(self) -> list[str]:
        """Return what was not told before."""
        found, self._untold = self._untold, []
        return found
