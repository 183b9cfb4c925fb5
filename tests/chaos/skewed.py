"""`petition` on a machine whose clock is off: `python -m tests.chaos.skewed SECONDS run --web-only`.

The clock alone, as when somebody has set it; waiting takes as long as ever. (libfaketime, which serves for a database,
makes Python wait for ever or not at all.)
"""

import sys
from datetime import UTC, datetime, timedelta

import time_machine

from petition.cli import main


def start(seconds: float, words: list[str]) -> None:
    """Run a command with the clock so many seconds ahead."""
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True):
        sys.argv[1:] = words
        main()


if __name__ == "__main__":
    start(float(sys.argv[1]), sys.argv[2:])
