"""What letters say: one function per kind, by subject; decides what to say now and words it.

`Letters` is what the worker hands to `outbox.deliver`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from petition.base import db, outbox
from petition.base.outbox import Decision, Letter, Nothing
from petition.letters import affairs, decided, endorsements, going, ready, signing, wishes
from petition.letters.going import Going

Decide = Callable[[Sequence[Letter]], Sequence[Decision | Going]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How letters of one kind are decided, together where that is quicker, and settled."""

    decide: Decide
    settle: Callable[[Sequence[Letter], str], None]


KINDS = {
    "link": Kind(signing.decide, signing.settle),
    "fresh": Kind(signing.decide, signing.settle),
    "reminder": Kind(signing.decide, signing.settle),
    "corrected": Kind(affairs.corrected, affairs.settle),
    "withdrawn": Kind(affairs.withdrawn, affairs.settle),
    "decided": Kind(decided.decided, decided.settle),
    "answered": Kind(decided.answered, decided.settle),
    "wish": Kind(wishes.decide, wishes.settle),
    "fresh wish": Kind(wishes.decide, wishes.settle),
    "endorsement": Kind(endorsements.decide, endorsements.settle),
    "ready": Kind(ready.decide, ready.settle),
}


class Letters:
    """The doer of `delivery.deliver`: every kind of letter there is."""

    def decide(self, letters: Sequence[Letter]) -> list[Decision]:
        """What each says now, in their order. A kind that this version does not know says nothing."""
        said: dict[int, Decision | Going] = {}
        # Always in the same order: each locks what its letters are about.
        for decide in dict.fromkeys(kind.decide for kind in KINDS.values()):
            some = [letter for letter in letters if letter.kind in KINDS and KINDS[letter.kind].decide is decide]
            said |= zip([letter.id for letter in some], decide(some) if some else (), strict=True)
        ready = [one for one in said.values() if isinstance(one, Going)]
        limited = going.within_limits(ready, db.now())
        final: dict[int, Decision] = {one: what for one, what in said.items() if not isinstance(what, Going)}
        final |= zip([one.letter.id for one in ready], limited, strict=True)
        return [final.get(letter.id) or Nothing() for letter in letters]

    def settle(self, letters: Sequence[Letter], outcome: str) -> None:
        """The letters have ended."""
        for settle in dict.fromkeys(kind.settle for kind in KINDS.values()):
            some = [letter for letter in letters if letter.kind in KINDS and KINDS[letter.kind].settle is settle]
            if some:
                settle(some, outcome)


__all__ = ["KINDS", "Letters", "outbox"]
