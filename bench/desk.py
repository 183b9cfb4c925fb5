"""The organisers' pages on a big site: each of the desk's on a campaign of the given size beside 10,000 articles."""

import time
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import select

from bench import seed
from petition import gatherings, migrating, searching, teams
from petition.app import create_app
from petition.articles import Article
from petition.base import db, jobs
from petition.events import Event
from petition.signatures import Signature
from petition.topics import Topic
from tests import organisers
from tests.organisers import Desk

ARTICLES = 10_000
PENDING = 10_000
ROUNDS = 5
#: What is asked of the list of signatures beside everything: answered by tallies, by the index, by nearly no row.
FILTERS = ("country=IE", "state=counted&country=IE&country=ES&language=en", "source=none-such", "state=removed",
           f"domain={(b'd' * 32).hex()}", f"domain={(b'd' * 32).hex()}&country=IE", "from=2020-01-01&country=ES",
           f"network={(b'n' * 32).hex()}")  # fmt: skip
#: What no page of this bench can have in its address: a secret, a row that is not there.
_LEFT_OUT = ("/words/<", "<token>", "<int:endorsement>", "file", "welcome")


def measure(size: int | None = None) -> list[tuple[str, float]]:
    """Every page with its best time in milliseconds, the slowest first. `size`: make a campaign of so many first."""
    app = create_app()
    app.config["DESK"] = organisers.QUICK
    with app.app_context():
        if size is not None:
            migrating.migrate()
            seed.campaign("large", size)
        seed.news(ARTICLES)
        account, secret = organisers.enrol()
        reading = seed.campaigns.read("large")
        assert reading is not None
        seed.worst_day(reading)
        teams.grant(account, teams.ADMINISTRATOR, None, "bench")
        teams.grant(account, teams.OWNER, reading.id, "bench")
        for _press in seed.presses(reading, PENDING):
            pass
        gatherings.plan(
            reading.id, "Hall", db.now(), db.now() + gatherings.LONGEST, actor="bench", reason="", at=db.now()
        )
        searching.ask(searching.EQUAL_NAMES, reading.id, {"with_place": False}, account_id=account.id, actor="bench",
                      reason="bench")  # fmt: skip
        db.session.commit()
        desk = organisers.signed_in(app, app.test_client(), account, secret)
        opened, rate = search(reading.id)
        print(f"    a search opened {opened:,} signatures, {rate:,.0f} a second", flush=True)
        # All of them first: the desk's context that makes them must be over when pages are asked for.
        paths = list(_paths(app, account.id, reading.id))
        db.session.remove()
        found = [(path, _best(desk, path)) for path in paths]
    return sorted(found, key=lambda one: -one[1])


def search(campaign_id: int) -> tuple[int, float]:
    """Have the worker do a search that waits: how many signatures were opened, and how many a second."""
    began = time.perf_counter()
    jobs.work(searching.DOERS)
    job = jobs.newest(campaign_id, searching.KINDS)[0]
    assert job.state == jobs.DONE, job.trouble
    found = job.done, job.done / (time.perf_counter() - began)
    db.session.remove()
    return found


def _paths(app: Flask, account_id: int, campaign_id: int) -> Iterator[str]:
    filled = {
        "slug": "large", "language": "en", "account": account_id, "deed": "pause",
        "article": db.session.scalar(select(Article.id).limit(1)),
        "signature": db.session.scalar(select(Signature.id).where(Signature.campaign_id == campaign_id).limit(1)),
        "search": db.session.scalar(select(jobs.Job.id).limit(1)), "gathering": 1,
        "event": db.session.scalar(select(Event.id).limit(1)), "topic": db.session.scalar(select(Topic.id).limit(1)),
    }  # fmt: skip
    db.session.remove()
    desk = organisers.desk_of(app)
    with desk.test_request_context():
        for rule in desk.url_map.iter_rules():
            ours = rule.endpoint.startswith("desk.") and not any(word in rule.rule for word in _LEFT_OUT)
            if ours and "GET" in (rule.methods or ()) and rule.arguments <= filled.keys():
                yield desk.url_for(rule.endpoint, **{name: filled[name] for name in rule.arguments})
    yield from (f"/desk/campaigns/large/signatures?{one}" for one in FILTERS)


def _best(desk: Desk, path: str) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = desk.get(path)
        times.append(1000 * (time.perf_counter() - began))
        assert answer.status_code in (200, 303), (path, answer.status_code)
    return min(times)
