"""Letters that are posted ready, words and all: those to organisers, and those that a library causes.

Nothing is left to decide when they go. They take no part in the limits for signing, and they lie sealed.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import partial

from petition.base import db, outbox
from petition.base.outbox import Decision, Letter, Message, Nothing


def post(message: Message, *, gives_up_after: timedelta | None = None) -> int:
    """Add a letter to the caller's transaction; its id. One to nobody ("") costs the same and goes nowhere."""
    gives_up_at = db.now() + gives_up_after if gives_up_after else None
    sealed = asdict(message) | {"headers": dict(message.headers)}
    return outbox.post("ready", language=message.language, sealed=sealed, gives_up_at=gives_up_at)


def decide(letters: Sequence[Letter]) -> list[Decision]:
    """What was posted."""
    return [_decide(letter) for letter in letters]


def _decide(letter: Letter) -> Decision:
    found = outbox.unsealed(letter)
    return partial(Message, **found) if found.get("to") else Nothing()


def settle(_letters: Sequence[Letter], _outcome: str) -> None:
    """Nothing waits for these letters."""
