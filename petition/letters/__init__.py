"""What letters say: one function per kind, by subject; decides what to say now and words it.

`Letters` is what the worker hands to `outbox.deliver`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from petition.base import outbox
from petition.base.outbox import Decision, Letter, Nothing
from petition.letters import affairs, signing


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of letter is decided and settled."""

    decide: Callable[[Letter], Decision]
    settle: Callable[[Letter, str], None]


KINDS = {
    "link": Kind(signing.decide, signing.settle),
    "fresh": Kind(signing.decide, signing.settle),
    "corrected": Kind(affairs.corrected, affairs.settle),
    "withdrawn": Kind(affairs.withdrawn, affairs.settle),
}


class Letters:
    """The doer of `outbox.deliver`: every kind of letter there is."""

    def decide(self, letter: Letter) -> Decision:
        """What to say now. A kind that this version does not know says nothing."""
        kind = KINDS.get(letter.kind)
        return kind.decide(letter) if kind else Nothing()

    def settle(self, letter: Letter, outcome: str) -> None:
        """The letter has ended."""
        kind = KINDS.get(letter.kind)
        if kind:
            kind.settle(letter, outcome)


__all__ = ["KINDS", "Letters", "outbox"]
