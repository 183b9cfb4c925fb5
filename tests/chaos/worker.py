"""A worker that delivers what is due and, if told so, kills itself at one point of one letter.

Called as a program: POINT NUMBER (or `never 0`), with the settings in the environment.
"""

import os
import signal
import sys
from collections.abc import Sequence
from functools import partial

from petition.app import create_app
from petition.base import delivery, maildir, outbox, settings
from petition.base.outbox import Decision, Letter, Message


def hello(to: str) -> Message:
    """The same to everybody."""
    return Message(to, "Hello", "Hello", "<p>Hello</p>", "en")


class Clerk:
    """Says hello to the sealed address."""

    def decide(self, letters: Sequence[Letter]) -> list[Decision]:
        """Hello, always."""
        return [partial(hello, outbox.unsealed(letter)["to"]) for letter in letters]

    def settle(self, letters: Sequence[Letter], outcome: str) -> None:
        """Nothing hangs on it."""


def main(point: str, number: int) -> None:
    """Deliver until nothing is due, or die."""
    passed = 0

    def at(reached: str) -> None:
        nonlocal passed
        passed += reached == point
        if reached == point and passed == number:
            os.kill(os.getpid(), signal.SIGKILL)

    delivery.at = at
    found = settings.read()
    with create_app(found).app_context():
        transport = maildir.Maildir(found)
        while delivery.deliver(Clerk(), transport):
            pass


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
