"""What letters say: one function per kind, by subject; decides what to say now and words it.

`Letters` is what the worker hands to `outbox.deliver`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from petition.base import outbox
from petition.base.outbox import Decision, Letter, Nothing
from petition.letters import affairs, signing

Decide = Callable[[Sequence[Letter]], list[Decision]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How letters of one kind are decided, together where that is quicker, and settled."""

    decide: Decide
    settle: Callable[[Letter, str], None]


KINDS = {
    "link": Kind(signing.decide, signing.settle),
    "fresh": Kind(signing.decide, signing.settle),
    "corrected": Kind(affairs.corrected, affairs.settle),
    "withdrawn": Kind(affairs.withdrawn, affairs.settle),
}


class Letters:
    """The doer of `delivery.deliver`: every kind of letter there is."""

    def decide(self, letters: Sequence[Letter]) -> list[Decision]:
        """What each says now, in their order. A kind that this version does not know says nothing."""
        together: dict[Decide, list[Letter]] = {}
        for letter in letters:
            if letter.kind in KINDS:
                together.setdefault(KINDS[letter.kind].decide, []).append(letter)
        said: dict[int, Decision] = {}
        for decide, some in together.items():
            said |= zip([letter.id for letter in some], decide(some), strict=True)
        return [said.get(letter.id) or Nothing() for letter in letters]

    def settle(self, letter: Letter, outcome: str) -> None:
        """The letter has ended."""
        kind = KINDS.get(letter.kind)
        if kind:
            kind.settle(letter, outcome)


__all__ = ["KINDS", "Letters", "outbox"]
