"""Looking through what is sealed: people by name and place, and names that are there more than once.

Nothing that names a person can be asked of the database, so every signature of a campaign is opened, in the background
and from one snapshot, which holds no lock. A search is asked for with a reason that stands in the journal; what was
typed and the numbers of what was found live sealed for a day (`jobs`). Begun anew by another worker it starts over.
"""

from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

import orjson
from sqlalchemy import func, select

from petition import journal
from petition.base import crypto, db, jobs
from petition.base.jobs import Doer, Job, Task
from petition.base.text import folded_name
from petition.signatures import Signature

BY_NAME, EQUAL_NAMES = "name search", "equal names"
KINDS = (BY_NAME, EQUAL_NAMES)
#: So many are opened between two looks at whether it is still wanted: about a third of a second.
STEP = 20_000
#: So many are found at most; who finds more narrows the search.
MOST_FOUND = 200
#: So many groups of equal names are told of, the largest first, and so many of each.
MOST_GROUPS, MOST_EACH = 50, 10
#: So many words are remembered while a search goes on.
MOST_WORDS = 100_000
_BITS = (1 << 64) - 1
Record = Mapping[str, Any]


def ask(kind: str, campaign_id: int, parameters: Mapping[str, Any], *, account_id: int, actor: str, reason: str) -> int:
    """Post a search with its line in the journal, in the caller's transaction; the job's id.

    `parameters` of BY_NAME: `name`, `place`; of EQUAL_NAMES: `with_place`.
    """
    deed = "signatures searched" if kind == BY_NAME else "equal names sought"
    journal.write(actor, deed, campaign_id=campaign_id, count=0, reason=reason)
    return jobs.post(
        kind, parameters, actor=actor, campaign_id=campaign_id, account_id=account_id, at=db.now()
    )  # fmt: skip


def find(job_id: int, campaign_id: int) -> Job | None:
    """A search of a campaign, of whichever kind."""
    found = (jobs.find(job_id, campaign_id, kind) for kind in KINDS)
    return next((job for job in found if job is not None), None)


class _Folding:
    """`folded_name` word by word, remembering words for as long as one search goes on: the same names and towns come
    again and again."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        known = self._known
        words = [known.get(word) or self._word(word) for word in text.split()]
        return " ".join(words) if len(words) != 1 else words[0]

    def _word(self, word: str) -> str:
        folded = folded_name(word)
        if len(self._known) < MOST_WORDS:
            self._known[word] = folded
        return folded


def _opened(task: Task, wanted: Callable[[int, Record], None]) -> Iterator[None]:
    """Show `wanted` the number and the record of every signature of the campaign that still names somebody."""
    task.done, campaign = 0, str(task.campaign_id)
    mine = Signature.campaign_id == task.campaign_id
    with db.snapshot() as connection:
        task.total = connection.execute(select(func.count()).select_from(Signature).where(mine)).scalar_one()
        # In whatever order the database reads quickest: it may take the rows as they lie.
        rows = connection.execute(select(Signature.id, Signature.sealed).where(mine).execution_options(yield_per=STEP))
        # Closed also where the search is cancelled half-way: the database keeps a cursor for it.
        with closing(rows):
            for part in rows.partitions(STEP):
                for number, sealed in part:
                    if sealed is not None:
                        wanted(number, orjson.loads(crypto.unseal("signature", campaign, sealed)))
                task.done += len(part)
                yield


def by_name(task: Task) -> Iterator[None]:
    """Everybody whose name and place hold all words that were typed, whatever their case and accents.

    The result: `ids`, and how many were `found`.
    """
    fold = _Folding()
    words = [(key, fold(task.parameters[key]).split()) for key in ("name", "place")]
    asked = [(key, said) for key, said in words if said]
    ids: list[int] = []
    result: dict[str, Any] = {"ids": ids, "found": 0}
    task.result = result

    def wanted(number: int, record: Record) -> None:
        for key, said in asked:
            whole = fold(record.get(key, ""))
            if not all(word in whole for word in said):
                return
        result["found"] += 1
        if len(ids) < MOST_FOUND:
            ids.append(number)

    yield from _opened(task, wanted)


def equal_names(task: Task) -> Iterator[None]:
    """Names that are there more than once, compared as `folded_name` does; with the place, where that is wanted.

    The result: `groups` of numbers, the largest first, as (how many, some of them); how many `names` and `signatures`
    there are in all groups.
    """
    keys, numbers = array("Q"), array("Q")
    fold, with_place = _Folding(), bool(task.parameters["with_place"])

    def wanted(number: int, record: Record) -> None:
        name = fold(record.get("name", ""))
        # Compared by this process alone, and for this report alone.
        keys.append(hash((name, fold(record.get("place", ""))) if with_place else name) & _BITS)
        numbers.append(number)

    yield from _opened(task, wanted)
    task.result = _groups(keys, numbers)


def _groups(keys: "array[int]", numbers: "array[int]") -> dict[str, Any]:
    order = sorted(range(len(keys)), key=keys.__getitem__)
    groups: list[tuple[int, int]] = []
    begins = 0
    for place in range(1, len(order) + 1):
        if place == len(order) or keys[order[place]] != keys[order[begins]]:
            if place - begins > 1:
                groups.append((place - begins, begins))
            begins = place
    largest = sorted(groups, reverse=True)[:MOST_GROUPS]
    told = [
        (size, [numbers[order[at]] for at in range(first, first + min(size, MOST_EACH))]) for size, first in largest
    ]
    return {"groups": told, "names": len(groups), "signatures": sum(size for size, _first in groups)}


#: What does each kind of search.
DOERS: dict[str, Doer] = {BY_NAME: by_name, EQUAL_NAMES: equal_names}
