"""The organisers' pages on a big site: each of the desk's on a campaign of the given size beside 10,000 articles."""

import time
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import select

from bench import seed
from petition import migrating, teams
from petition.app import create_app
from petition.articles import Article
from petition.base import db
from petition.events import Event
from petition.topics import Topic
from tests import organisers
from tests.organisers import Desk

ARTICLES = 10_000
ROUNDS = 5
#: What no page of this bench can have in its address: a secret, a row that is not there.
_LEFT_OUT = ("<token>", "words/<", "<int:endorsement>", "file", "welcome")


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
        db.session.commit()
        desk = organisers.signed_in(app, app.test_client(), account, secret)
        paths = list(_paths(app, account.id))
        found = [(path, _best(desk, path)) for path in paths]
    return sorted(found, key=lambda one: -one[1])


def _paths(app: Flask, account_id: int) -> Iterator[str]:
    filled = {
        "slug": "large", "language": "en", "account": account_id, "deed": "pause",
        "article": db.session.scalar(select(Article.id).limit(1)),
        "event": db.session.scalar(select(Event.id).limit(1)), "topic": db.session.scalar(select(Topic.id).limit(1)),
    }  # fmt: skip
    db.session.remove()
    desk = organisers.desk_of(app)
    with desk.test_request_context():
        for rule in desk.url_map.iter_rules():
            ours = rule.endpoint.startswith("desk.") and not any(word in rule.rule for word in _LEFT_OUT)
            if ours and "GET" in (rule.methods or ()) and rule.arguments <= filled.keys():
                yield desk.url_for(rule.endpoint, **{name: filled[name] for name in rule.arguments})


def _best(desk: Desk, path: str) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = desk.get(path)
        times.append(1000 * (time.perf_counter() - began))
        assert answer.status_code in (200, 303), (path, answer.status_code)
    return min(times)
