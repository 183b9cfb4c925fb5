"""Signs that many signatures come from one hand, each with its reason: figures and filters, never names.

They sort and suggest. No sign decides anything by itself, and none refuses a person: each leads to the list of whom it
is about, and to a dry run. A worker looks through the newest weeks, opening what is sealed without keeping any of it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

from disposable_email_domains import blocklist
from sqlalchemy import Row, select

from petition import campaigns, journal
from petition.base import crypto, db, jobs, providers
from petition.base.jobs import Doer, Job, Task
from petition.campaigns import Reading
from petition.details import opened
from petition.selection import Filter
from petition.signatures import COUNTED, HELD, Signature

#: The kind of the job.
LOOK = "signs"
#: How far back it looks.
LOOKS_BACK = timedelta(days=30)
BATCH = 5000
#: From so many on something is a sign; so many of each kind are told.
LEAST, MOST = 25, 8
#: Nobody has a letter fetched, opened and read in less.
READ_IN = timedelta(seconds=8)
#: What is so many times more than elsewhere stands out.
TIMES = 4
#: A group's share of odd addresses, or of quick buttons, from which on it is a sign.
ODD, QUICK = 0.35, 0.5
#: From so many signatures on their hours say something; of people at most this share falls into their six quietest.
HOURS, NIGHT = 200, 0.14
#: From more days on it is known what is usual.
_FEW_DAYS = 3
#: A filter holds so many domains.
_MOST_DOMAINS = 50

SPIKE, NETWORK, DOMAIN, DISPOSABLE, GENERATED, FAST, SLEEPLESS = (
    "spike", "network", "domain", "disposable", "generated", "fast", "sleepless",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: `n` signatures of `of` among which it was looked for; `usual` what one would expect (a number where it
    is about numbers, else a share); `filter` the facts of a filter that leads to them; `about` what it is about, by
    kind of word: "day", "hour", "country", "domain" (only where it is a provider's or stands on a public list)."""

    kind: str
    n: int
    of: int
    usual: float
    filter: dict[str, Any]
    about: dict[str, Any] = field(default_factory=dict)


def ask(campaign_id: int, *, actor: str, at: datetime) -> int:
    """Have a worker look; the job's id."""
    return jobs.post(LOOK, {}, actor=actor, campaign_id=campaign_id, at=at)


def newest(campaign_id: int) -> Sequence[Job]:
    """The last looks, newest first."""
    return jobs.newest(campaign_id, (LOOK,), 5)


def found(job: Job) -> list[Sign]:
    """What a look has found."""
    return [Sign(**one) for one in (jobs.result(job) or {}).get("signs", [])]


def look(task: Task) -> Iterator[None]:
    """The doer: one pass over the newest weeks, read from one snapshot. Begun anew it starts from the beginning."""
    reading = campaigns.read_id(task.campaign_id or 0)
    db.session.rollback()
    at = db.now()
    seen = Seen()
    s = Signature
    query = select(s.network, s.domain, s.source, s.country, s.day, s.signed_at, s.entered_at, s.sealed).where(
        s.campaign_id == reading.id, s.entered_at >= at - LOOKS_BACK, s.channel == "online", s.seat == 0,
        s.state.in_((COUNTED, HELD)),
    )  # fmt: skip
    task.done = 0
    with (
        db.snapshot() as connection,
        closing(connection.execute(query, execution_options={"yield_per": BATCH})) as result,
    ):
        for rows in result.partitions(BATCH):
            for row in rows:
                seen.take(row, is_odd(row, reading.id))
            task.done += len(rows)
            yield
    signs = seen.signs(names_of_domains(reading))
    task.result = {"signs": [asdict(one) for one in signs], "rows": task.done, "at": at.isoformat()}
    task.total = task.done
    journal.write(task.actor, "signs looked for", campaign_id=reading.id, count=task.done)
    yield


def is_odd(row: Row[*tuple[Any, ...]], campaign_id: int) -> bool:
    """Whether a signature's address looks made by a machine."""
    if not row.sealed:
        return False
    return looks_generated(opened(campaign_id, row.sealed).address.partition("@")[0])


_VOWEL = re.compile("[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœ]")
_TAIL = re.compile(r"[^\d](\d{4,})$")
_YEAR = re.compile(r"(19|20)\d\d$")


def looks_generated(local: str) -> bool:
    """Whether the part before the @ looks made by a machine. It often errs about one person, and says something only
    as a share of many: that is all it is used for."""
    plain = local.lower().partition("+")[0]
    tail = _TAIL.search(plain)
    if tail and not _YEAR.match(tail[1]):
        return True
    letters = re.sub(r"[^a-z]", "", plain)
    if len(letters) >= 7 and len(re.findall("[aeiouy]", letters)) * 7 < len(letters):
        return True
    if any(len(run) >= 7 for run in _VOWEL.split(re.sub(r"[\W\d_]", "a", plain))):
        return True
    switches = len(re.findall(r"[a-z]\d|\d[a-z]", plain))
    return switches >= 4


def names_of_domains(reading: Reading) -> dict[bytes, tuple[str, bool]]:
    """Keyed hash → name of the domains that may be named: large providers and those on the public list of throw-away
    ones; and whether it is a throw-away one. No address is opened for it."""
    key = reading.hash_key()
    known = [name for one in providers.TABLE for name in one.domains if not name.startswith("*")]
    named = [(name, False) for name in known] + [(name, True) for name in blocklist - set(known)]
    return {crypto.keyed_hash(key, "domain", name): (name, thrown) for name, thrown in named}


@dataclass
class Group:
    """What signatures have in common, in numbers."""

    n: int = 0
    odd: int = 0
    fast: int = 0


class Seen:
    """What one pass over the signatures has counted."""

    def __init__(self) -> None:
        self.all = Group()
        self.groups: dict[tuple[str, Any], Group] = defaultdict(Group)
        self.domain_days: Counter[tuple[bytes, date]] = Counter()
        self.hours: Counter[datetime] = Counter()
        self.clock: dict[str, list[int]] = defaultdict(lambda: [0] * 24)

    def take(self, row: Row[*tuple[Any, ...]], odd: bool) -> None:
        """Count a signature."""
        fast = row.entered_at - row.signed_at < READ_IN
        keys = [("domain", row.domain), ("day", row.day)]
        keys += [("network", row.network)] if row.network else []
        for group in (self.all, *(self.groups[key] for key in keys)):
            group.n += 1
            group.odd += odd
            group.fast += fast
        self.domain_days[row.domain, row.day] += 1
        signed = row.signed_at.astimezone(UTC)
        self.hours[row.entered_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)] += 1
        self.clock[row.country][signed.hour] += 1

    def signs(self, names: Mapping[bytes, tuple[str, bool]]) -> list[Sign]:
        """Everything that stands out, what is most on top."""
        kinds = [
            self._spikes(), self._networks(), self._domains(names), self._disposable(names),
            self._shares(GENERATED, "odd", ODD, names), self._shares(FAST, "fast", QUICK, names), self._sleepless(),
        ]  # fmt: skip
        return [one for kind in kinds for one in sorted(kind, key=lambda one: -one.n)[:MOST]]

    def _spikes(self) -> Iterator[Sign]:
        """Hours with many times what an hour of that campaign has."""
        usual = median(self.hours.values()) if self.hours else 0
        days: dict[date, list[datetime]] = defaultdict(list)
        for hour, n in self.hours.items():
            if n >= 2 * LEAST and n >= TIMES * usual and len(self.hours) > 3:
                days[hour.date()].append(hour)
        for day, hours in days.items():
            n, top = sum(self.hours[hour] for hour in hours), max(hours, key=self.hours.__getitem__)
            about = {"day": day.isoformat(), "hour": top.isoformat(), "top": self.hours[top]}
            yield Sign(SPIKE, n, self.groups["day", day].n, float(usual), _on(day, day), about)

    def _networks(self) -> Iterator[Sign]:
        for (kind, key), group in self.groups.items():
            if kind == "network" and group.n >= LEAST:
                yield Sign(NETWORK, group.n, self.all.n, 0.0, *_group(kind, key, {}))

    def _domains(self, names: Mapping[bytes, tuple[str, bool]]) -> Iterator[Sign]:
        """Domains with many times their usual share of a day: the one in the middle of what they have on the others,
        so that one odd day does not make the others look odd. Where there are few days nothing is usual yet."""
        days: dict[bytes, list[date]] = defaultdict(list)
        usual: dict[bytes, float] = defaultdict(float)
        known = [day for kind, day in self.groups if kind == "day"]
        for (key, day), n in self.domain_days.items():
            if n < LEAST or len(known) <= _FEW_DAYS:
                continue
            expected = self._share(key, [one for one in known if one != day]) * self.groups["day", day].n
            if n >= TIMES * max(1.0, expected):
                days[key].append(day)
                usual[key] += expected
        for key, some in days.items():
            n = sum(self.domain_days[key, day] for day in some)
            of = sum(self.groups["day", day].n for day in some)
            facts = Filter(states=(), domains=(key,), first_day=min(some), last_day=max(some)).facts()
            yield Sign(DOMAIN, n, of, round(usual[key], 1), facts, _named(names, key) | {"day": min(some).isoformat()})

    def _share(self, domain: bytes, days: Sequence[date]) -> float:
        return median(self.domain_days[domain, day] / self.groups["day", day].n for day in days)

    def _disposable(self, names: Mapping[bytes, tuple[str, bool]]) -> Iterator[Sign]:
        thrown = [
            (group.n, key)
            for (kind, key), group in self.groups.items()
            if kind == "domain" and names.get(key, ("", False))[1]
        ]
        top = sorted(thrown, reverse=True)[:_MOST_DOMAINS]
        if top:
            facts = Filter(states=(), domains=tuple(key for _n, key in top)).facts()
            listed = [names[key][0] for _n, key in top[:5]]
            yield Sign(DISPOSABLE, sum(n for n, _key in top), self.all.n, 0.0, facts, {"domains": listed})

    def _shares(self, sign: str, what: str, least: float, names: Mapping[bytes, tuple[str, bool]]) -> Iterator[Sign]:
        """Networks, domains and days of which a large share is odd, compared with all others."""
        all_of_it = getattr(self.all, what)
        for (kind, key), group in self.groups.items():
            n = getattr(group, what)
            elsewhere = (all_of_it - n) / (self.all.n - group.n) if self.all.n > group.n else 0.0
            if n >= LEAST and n >= least * group.n and n >= TIMES * elsewhere * group.n:
                yield Sign(sign, n, group.n, round(elsewhere, 3), *_group(kind, key, names))

    def _sleepless(self) -> Iterator[Sign]:
        for country, hours in self.clock.items():
            n = sum(hours)
            quietest = min(sum((hours + hours)[first : first + 6]) for first in range(24))
            if n >= HOURS and quietest >= NIGHT * n:
                facts = Filter(states=(), countries=(country,)).facts()
                yield Sign(SLEEPLESS, quietest, n, NIGHT, facts, {"country": country})


def _on(first: date, last: date) -> dict[str, Any]:
    return Filter(states=(), first_day=first, last_day=last).facts()


def _named(names: Mapping[bytes, tuple[str, bool]], key: bytes) -> dict[str, Any]:
    return {"domain": names[key][0]} if key in names else {}


def _group(kind: str, key: Any, names: Mapping[bytes, tuple[str, bool]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The filter that leads to a group, and what to call it."""
    if kind == "day":
        return _on(key, key), {"day": key.isoformat()}
    if kind == "network":
        return Filter(states=(), networks=(key,)).facts(), {}
    return Filter(states=(), domains=(key,)).facts(), _named(names, key)


def worst(signs: Iterable[Sign]) -> int:
    """How many signatures the largest sign is about."""
    return max((one.n for one in signs), default=0)


#: For the worker.
DOERS: dict[str, Doer] = {LOOK: look}
