"""How a worker of the experiments lives and dies: the plan it is given, and the deaths that are written down."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

#: Between the steps of a letter. `in_decrypt` is any moment at which something sealed about a person is opened.
LETTER = ("after_claim", "after_decide", "in_decrypt", "before_mark", "after_mark", "before_data", "after_data",
          "before_settle", "after_settle")  # fmt: skip
#: Between the steps of numbering. The first one of a second numbering is also the end of the first.
NUMBERING = ("after_lock", "after_numbers", "after_fold", "after_head")
#: Between no two steps in particular, so soon at most.
WHENEVER = "whenever"
_NAME = "CHAOS_PLAN"


@dataclass(frozen=True)
class Plan:
    """How a worker dies, again and again: at which points (each in turn, in an order by the seed), after how many
    passages at most, and after so many seconds where it does not come there. `broken` names what is broken in it, see
    `worker.BREAKS`.

    `alone`: no other worker is at work, so that whatever is held after a death is held by the dead.
    """

    folder: str
    seed: int
    points: tuple[str, ...]
    most: int = 3
    longest: float = 6.0
    broken: tuple[str, ...] = ()
    alone: bool = True

    def environ(self) -> dict[str, str]:
        """What tells the program."""
        return {_NAME: json.dumps(asdict(self))}

    @staticmethod
    def given() -> "Plan":
        """What this process was told."""
        found = Plan(**json.loads(os.environ[_NAME]))
        return replace(found, points=tuple(found.points), broken=tuple(found.broken))

    @property
    def deaths(self) -> Path:
        """Where deaths are written down."""
        return Path(self.folder) / "deaths.jsonl"

    def make_peace(self) -> None:
        """From the next life on nobody is killed."""
        (Path(self.folder) / "peace").touch()

    def is_peace(self) -> bool:
        """Whether nobody is to be killed any more."""
        return (Path(self.folder) / "peace").exists()


@dataclass(frozen=True)
class Death:
    """When a worker was killed and where, and the letters (Message-IDs) of which nobody knew then whether they had
    arrived."""

    at: float
    point: str
    sending: tuple[str, ...] = ()


def write(plan: Plan, death: Death) -> None:
    """Write a death down."""
    with plan.deaths.open("a") as file:
        file.write(json.dumps(asdict(death)) + "\n")


def read(plan: Plan) -> list[Death]:
    """The deaths, in order."""
    lines = plan.deaths.read_text().splitlines() if plan.deaths.exists() else []
    found = [Death(**json.loads(line)) for line in lines]
    return [replace(one, sending=tuple(one.sending)) for one in found]


def reached(plan: Plan) -> set[str]:
    """The points at which it has died."""
    return {death.point for death in read(plan)}


def newly_sending(deaths: Sequence[Death]) -> list[set[str]]:
    """For each death the letters that were on the wire then, and not left there by an earlier one."""
    found, before = [], set[str]()
    for death in deaths:
        found.append(set(death.sending) - before)
        before |= set(death.sending)
    return found


def are_over(plan: Plan) -> bool:
    """Whether peace was made, and the last death since has been written down."""
    deaths = read(plan)
    peace = Path(plan.folder) / "peace"
    return bool(peace.exists() and deaths and deaths[-1].at >= peace.stat().st_mtime)
