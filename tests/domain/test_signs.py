"""Signs of mass signing: each with its reason, as figures and filters; none where people sign as people do."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition import blocks, journal, selection, signs, worker
from petition.base import db, jobs
from petition.base.jobs import Task
from petition.campaigns import Reading
from petition.details import Details
from petition.signatures import Signature
from petition.signs import Sign, looks_generated
from tests.cast import Cast
from tests.domain.test_jobs import dying_after, lease_over, works
from tests.signers import enter, signer

PEOPLE = (
    "ana.maria", "ngugi", "krzysztof.brzeczyszczykiewicz", "jose1985", "o.brien", "mueller-schmidt", "l.nguyen2001",
    "sukarno", "marie.claire", "strzelecki", "kim.minjun", "info", "wanjiru.k", "schwarz", "fatima77", "j.smith",
)  # fmt: skip
MADE = (
    "xkqjwzrt83",
    "a8f3k2m9x1",
    "jhgfdswq77123",
    "qwmzkd4821",
    "bvnmrtplk",
    "z1x2c3v4b5",
    "user90210",
    "tgbnhyujm0042",
)


def address(chance: random.Random, n: int, odd: bool) -> str:
    if odd:
        return "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=9)) + f"{n:04}"
    return f"{chance.choice(PEOPLE)}.{chance.choice(PEOPLE)}"


def people(reading: Reading, n: int, *, at: datetime, over: timedelta, domain: str = "", odd: bool = False,
           quick: float = 240, **changes: Any) -> list[dict[str, Any]]:  # fmt: skip
    """So many who confirm from a moment on; the domain of an address among many, or this one."""
    chance = random.Random(str(at) + domain)
    rows = []
    for k in range(n):
        name = domain or chance.choice(["gmail.com", "posteo.de", "union.example", "port.example", "gmx.net"])
        when = at + over * chance.random()
        details = Details(f"Somebody {k}", f"{address(chance, k, odd)}@{name}")
        given = {
            "sealed": details.seal(reading.id), "domain": blocks.domain_key(reading, name), "entered_at": when,
            "signed_at": when - timedelta(seconds=quick + chance.random() * quick), "day": when.date(),
        }  # fmt: skip
        rows.append(signer(reading, f"Somebody {k}", **(given | changes)))
    return rows


def enter_all(*rows: dict[str, Any]) -> None:
    """As they are: `enter` would spread them over time."""
    stored = {row["id"]: row["entered_at"] for row in rows}
    enter(*rows)
    for row in db.session.scalars(select(Signature)):
        row.entered_at = stored.get(row.id, row.entered_at)
    db.session.commit()


@pytest.fixture
def reading(cast: Cast) -> Reading:
    """Ten days on which forty people sign, by daylight."""
    made = cast.campaign()
    noon = db.now().replace(hour=8, minute=0, second=0, microsecond=0)
    days = [people(made, 40, at=noon - timedelta(days=day), over=timedelta(hours=12)) for day in range(2, 12)]
    enter_all(*(row for day in days for row in day))
    return cast.reading()


def night() -> datetime:
    """Last night, two in the morning."""
    return db.now().replace(hour=2, minute=0, second=0, microsecond=0) - timedelta(days=1)


def looked(reading: Reading) -> list[Sign]:
    signs.ask(reading.id, actor="olga", at=db.now())
    db.session.commit()
    assert works(worker.DOERS)
    found = signs.found(signs.newest(reading.id)[0])
    db.session.rollback()
    return found


def led_to(reading: Reading, one: Sign) -> int:
    """How many the filter of a sign leads to."""
    wanted = selection.of_facts({"states": [], **one.filter})
    query = select(func.count()).select_from(Signature).where(*wanted.conditions(reading.id))
    return int(db.session.scalar(query) or 0)


def test_where_people_sign_as_people_do_nothing_stands_out(reading: Reading) -> None:
    assert looked(reading) == []


def test_the_worst_night_stands_out_with_its_reasons_and_each_leads_to_whom_it_is_about(
    reading: Reading,
) -> None:
    """Issue 10: a spike at night from three networks, odd addresses."""
    rows: list[dict[str, Any]] = []
    for number in range(3):
        rows += people(reading, 60, at=night(), over=timedelta(hours=2), domain=f"odd{number}.example", odd=True,
                       quick=2, network=bytes([number]) * 32)  # fmt: skip
    rows += people(reading, 40, at=night() + timedelta(hours=6), over=timedelta(hours=12))
    enter_all(*rows)
    found = looked(reading)
    kinds = {one.kind for one in found}
    assert kinds >= {signs.SPIKE, signs.NETWORK, signs.DOMAIN, signs.GENERATED, signs.FAST}
    for one in found:
        assert led_to(reading, one) >= one.n
    assert [one.n for one in found if one.kind == signs.NETWORK] == [60, 60, 60]
    of_domain = [one for one in found if one.kind == signs.GENERATED and one.filter.get("domains")]
    assert {(one.n, one.of) for one in of_domain} == {(60, 60)}
    # What everybody uses on other days is no sign because of one odd night.
    assert [one.about.get("domain") for one in found if one.kind == signs.DOMAIN] == [None, None, None]
    # A domain that may be a family's is not named.
    assert "odd0" not in repr(found)
    assert "Somebody" not in repr(found)


def test_throw_away_domains_are_known_by_their_hash_and_may_be_named(reading: Reading) -> None:
    enter_all(*people(reading, 3, at=night() + timedelta(hours=9), over=timedelta(hours=6), domain="mailinator.com"))
    (one,) = looked(reading)
    assert (one.kind, one.n, one.about) == (signs.DISPOSABLE, 3, {"domains": ["mailinator.com"]})
    assert led_to(reading, one) == 3


def test_a_day_without_a_night_stands_out_for_its_country(reading: Reading) -> None:
    days = [people(reading, 40, at=night() - timedelta(days=day), over=timedelta(hours=24), country="FR")
            for day in range(2, 9)]  # fmt: skip
    enter_all(*(row for day in days for row in day))
    assert {(one.kind, one.about["country"]) for one in looked(reading) if one.kind == signs.SLEEPLESS} == {
        (signs.SLEEPLESS, "FR")
    }


def test_looking_is_in_the_journal_and_its_result_is_sealed(reading: Reading) -> None:
    looked(reading)
    lines = [(one.deed, one.count) for one in journal.lines(journal.Sought(reading.id), 5)]
    assert ("signs looked for", 400) in lines
    assert b"signs" not in (signs.newest(reading.id)[0].result or b"")


def test_a_look_whose_worker_died_begins_anew(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "BATCH", 100)
    job_id = signs.ask(reading.id, actor="olga", at=db.now())
    db.session.commit()
    assert works({signs.LOOK: dying_after(2, signs.look)}) is None
    lease_over(job_id)

    def again(task: Task) -> Iterator[None]:
        yield from signs.look(task)

    assert works({signs.LOOK: again})
    job = signs.newest(reading.id)[0]
    assert (job.state, job.done) == (jobs.DONE, 400)


@pytest.mark.parametrize("local", MADE)
def test_what_a_machine_made_looks_so(local: str) -> None:
    assert looks_generated(local)


@pytest.mark.parametrize("local", [*PEOPLE, "o'brien", "müller", "محمد", "김민준", "a", ""])
def test_what_people_choose_does_not(local: str) -> None:
    assert not looks_generated(local)


def test_no_sign_decides_anything(app: Flask, reading: Reading) -> None:
    enter_all(*people(reading, 60, at=night(), over=timedelta(hours=1), domain="odd.example", odd=True, quick=1))
    assert looked(reading)
    assert set(db.session.scalars(select(Signature.state))) == {"counted"}
