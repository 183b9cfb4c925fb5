"""For those who run the machine: whether this process lives, whether the site works, and figures.

`/healthz` is anybody's. `/readyz` says no number; `/metrics` is only for who knows METRICS_TOKEN.
"""

import hmac
import threading
import time
from collections.abc import Iterator

from flask import Blueprint, Response, abort, current_app, make_response, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy.exc import SQLAlchemyError

from petition import migrated, pulse, sightings
from petition.base import db, settings
from petition.pulse import Said
from petition.web import counters
from petition.web.exposition import Figures

blueprint = Blueprint("ops", __name__)

#: Seconds for which the last look is good: who asks more often asks the database no more often.
LOOKED = 2.0
_key = "petition.ready"


@blueprint.get("/healthz")
def healthz() -> Response:
    """Whether this process answers; asks nothing else."""
    return _plain("alive\n")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether the site works as a whole: a line for each thing looked at, 503 where one of them is not well."""
    look: _Look = current_app.extensions.setdefault(_key, _Look())
    said = look.take()
    lines = [f"{one.what}: {'well' if one.is_well else 'NOT WELL'}" for one in said]
    return _plain("\n".join([*lines, ""]), 200 if all(one.is_well for one in said) else 503)


class _Look:
    """The last look; one request at a time takes a new one, and nobody waits for it."""

    def __init__(self) -> None:
        self._taken, self._said = float("-inf"), [Said("database", False, "not looked at yet")]
        self._looking = threading.Lock()

    def take(self) -> list[Said]:
        """What was seen at most `LOOKED` seconds ago, or last where somebody is looking just now."""
        if time.monotonic() - self._taken >= LOOKED and self._looking.acquire(blocking=False):
            try:
                self._said = list(_look())
                self._taken = time.monotonic()
            finally:
                self._looking.release()
        return self._said


def _look() -> Iterator[Said]:
    try:
        found = pulse.read(db.now())
        db.session.remove()
        behind = not migrated.is_at_head()
        sightings.try_writing(db.now())
        db.session.commit()
    except SQLAlchemyError as error:
        db.session.remove()
        yield Said("database", False, type(error).__name__)
        return
    yield Said("database", True, "it can be read and written")
    yield Said("migrations", not behind, "at the newest step")
    yield from pulse.looked_at(found)


@blueprint.get("/metrics")
def metrics() -> Response:
    """The figures, in the form that Prometheus reads; nothing is here for who does not know the token."""
    _only_for_who_knows()
    try:
        found, behind = pulse.read(db.now()), not migrated.is_at_head()
    except SQLAlchemyError:
        db.session.remove()
        found, behind = None, False
    registry = CollectorRegistry()
    registry.register(Figures(counters.current(), settings.current(), found, behind))
    answer = make_response(generate_latest(registry))
    answer.headers["Content-Type"] = CONTENT_TYPE_PLAIN_0_0_4
    return answer


def _only_for_who_knows() -> None:
    token = settings.current().metrics_token
    said = request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(said.encode(), f"Bearer {token}".encode()):
        abort(404)


def _plain(words: str, status: int = 200) -> Response:
    answer = make_response(words, status)
    answer.mimetype = "text/plain"
    return answer
