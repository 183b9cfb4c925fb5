"""The people and things of the tests: a campaign, signers, the worker, and the letters they read.

Everybody acts as a person would: forms are read before they are sent, links come from letters.
"""

import contextvars
import html
import re
import socket
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask import Flask, Response, has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from petition import articles, campaigns, drafts, events, partners, register, topics
from petition.articles import Article
from petition.base import db, delivery, settings
from petition.base.outbox import Message
from petition.campaigns import Campaign, Reading
from petition.drafts import Draft, Terms, Text
from petition.events import Event
from petition.letters import Letters
from petition.topics import Topic
from tests import organisers

TERMS = Terms(
    responsible="Dockside Aid", responsible_address="list@dockside.example", handed_to={"en": "the Port Authority"},
    fields=["name", "country"], months=6, ground="consent",
)  # fmt: skip
ASKS = {"country": "required", "place": "optional", "role": "optional", "organisation": "optional",
        "comment": "optional"}  # fmt: skip


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Sink:
    """The one fake: where letters go. Keeps what it is given; `trouble` is raised before DATA instead."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.ids: list[str] = []
        self.trouble: Exception | None = None

    def ready(self) -> bool:
        """Always."""
        return True

    def offer(self, message: Message, message_id: str):
        """Take a letter."""
        if self.trouble:
            raise self.trouble
        return partial(self._keep, message, message_id)

    def _keep(self, message: Message, message_id: str) -> None:
        self.letters.append(message)
        self.ids.append(message_id)

    def close(self) -> None:
        """Nothing to close."""


class Browser(FlaskClient):
    """A client whose requests are strangers to the test: an application context and session of their own.

    The test's own session is ended first, for on SQLite it holds the write lock.
    """

    def __init__(self, app: Flask, use_cookies: bool) -> None:
        super().__init__(app, Response, use_cookies=use_cookies)

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request."""
        if has_app_context():
            db.session.remove()
        return contextvars.Context().run(super().open, *args, **kwargs)


@dataclass
class Cast:
    """What a test has at hand."""

    app: Flask
    sink: Sink = field(default_factory=Sink)

    def campaign(self, slug: str = "canteen", publish: bool = True, **changes: object) -> Reading:
        """A campaign in English and Spanish, published a while ago and committed."""
        texts = {
            "en": Text(
                "Take the canteen workers back", "the Port Authority", "Forty were dismissed.", "Take *them* back."
            ),
            "es": Text(
                "Readmitan a las trabajadoras", "la Autoridad Portuaria", "Despidieron a cuarenta.", "Readmitan."
            ),
        }  # fmt: skip
        given: dict[str, object] = {
            "slug": slug, "first_language": "en", "texts": texts, "terms": TERMS, "asks": ASKS,
            "goals": (1000, 5000),
        }  # fmt: skip
        made = drafts.save(Draft(**(given | changes)), "a test")  # type: ignore[arg-type]
        if publish:
            drafts.publish(made, "a test", db.now())
        db.session.commit()
        return self.reading(slug)

    def event(self, slug: str = "open-evening", **changes: object) -> Event:
        """An event in English and Spanish, nine days ahead in Madrid, public since yesterday and committed."""
        texts = {
            "en": events.Text("Open evening", "Come and ask.", "Dock Hall", "Bring *soup*."),
            "es": events.Text("Tarde abierta", "Ven y pregunta.", "Sala del Muelle", "Trae *sopa*."),
        }
        now = db.now().replace(second=0, microsecond=0)
        given: dict[str, object] = {
            "slug": slug, "first_language": "en", "texts": texts, "time_zone": "Europe/Madrid",
            "starts_at": now + timedelta(days=9), "ends_at": now + timedelta(days=9, hours=2),
            "published_at": now - timedelta(days=1),
        }  # fmt: skip
        events.save(events.Draft(**(given | changes)), "a test")  # type: ignore[arg-type]
        db.session.commit()
        found = events.by_slug(slug)
        assert found is not None
        return found

    def topic(self, slug: str = "harbour", **changes: object) -> Topic:
        """A topic in English and Spanish, committed."""
        texts = {
            "en": topics.Text("The harbour", "Who works there, and for what."),
            "es": topics.Text("El puerto", "Quiénes trabajan ahí, y por cuánto."),
        }
        topics.save(topics.Draft(**({"slug": slug, "first_language": "en", "texts": texts} | changes)), "a test")
        db.session.commit()
        found = topics.by_slug(slug)
        assert found is not None
        return found

    def article(self, slug: str = "at-the-gate", **changes: object) -> Article:
        """An article in English and Spanish, public since yesterday and committed."""
        texts = {
            "en": articles.Text("At the gate", "They stood there.", "All *night*."),
            "es": articles.Text("A la puerta", "Ahí estaban.", "Toda la *noche*."),
        }
        given: dict[str, object] = {
            "slug": slug, "first_language": "en", "texts": texts, "published_at": db.now() - timedelta(days=1),
        }  # fmt: skip
        articles.save(articles.Draft(**(given | changes)), "a test")  # type: ignore[arg-type]
        db.session.commit()
        found = articles.by_slug(slug)
        assert found is not None
        return found

    def reading(self, slug: str = "canteen") -> Reading:
        """The campaign as it is now."""
        found = campaigns.read(slug)
        assert found is not None
        return found

    def row(self, slug: str = "canteen") -> Campaign:
        """The campaign's own row, for verbs."""
        found = db.session.get(Campaign, self.reading(slug).id)
        assert found is not None
        return found

    def organiser(self, role: str | None = None, campaign: str = "", name: str = "Olga", fresh: bool = True,
                  language: str = "en") -> organisers.Desk:  # fmt: skip
        """Somebody signed in at the desk with both factors: with a role on a campaign (by its slug) or, without one,
        on the site; with none, a stranger. `fresh`: whether a code was just typed."""
        account, secret = organisers.enrol(name, language=language)
        organisers.grant(account, role, self.reading(campaign).id if campaign else None)
        return organisers.signed_in(self.app, self.browser_with_cookies(), account, secret, fresh=fresh)

    def partner(self, key: str = "dockers", slug: str = "canteen", **changes: object) -> partners.Reading:
        """A partner of a campaign with a box of its own, committed."""
        terms = partners.Terms(
            "Dockers’ Union", "privacy@dockers.example", {"en": "The Dockers’ Union may write to me."},
            {"en": "Twice a year."},
        )  # fmt: skip
        given: dict[str, object] = {"name": "Dockers’ Union", "terms": terms}
        said = partners.Draft(**(given | changes))  # type: ignore[arg-type]
        partners.make(self.row(slug), key, said, "a test", db.now())
        db.session.commit()
        found = partners.read(self.reading(slug).id, key)
        assert found is not None
        return found

    def partner_person(self, key: str = "dockers", name: str = "Pia", fresh: bool = True) -> organisers.Desk:
        """Somebody of a partner's own people, signed in with both factors."""
        account, secret = organisers.enrol(name)
        organisers.let_in(account, self.reading().id, key)
        return organisers.signed_in(self.app, self.browser_with_cookies(), account, secret, fresh=fresh)

    def sign_at(self, key: str = "dockers", email: str = "ana@example.org", **typed: str) -> TestResponse:
        """Sign in a partner's frame."""
        client = self.browser()
        path = f"/embed/en/campaigns/canteen/by.{key}"
        token = form_token(client.get(path).text)
        data = {"name": "Ana María", "email": email, "country": "IE", "appear": "hidden", "token": token} | typed
        return client.post(path, data=data)

    def browser(self) -> Browser:
        """A new browser without cookies."""
        return Browser(self.app, use_cookies=False)

    def browser_with_cookies(self) -> Browser:
        """A new browser that keeps cookies, as organisers have."""
        return Browser(self.app, use_cookies=True)

    def sign(self, email: str = "ana@example.org", *, slug: str = "canteen", language: str = "en", source: str = "",
             **typed: str) -> TestResponse:  # fmt: skip
        """Read the form and send it with these words; the answer to the POST."""
        client = self.browser()
        path = f"/{language}/campaigns/{slug}" + (f"?source={source}" if source else "")
        token = form_token(client.get(path).text)
        data = {"name": "Ana María", "email": email, "country": "IE", "appear": "hidden", "token": token} | typed
        return client.post(path, data=data)

    def deliver(self, rounds: int = 3) -> list[Message]:
        """Let the worker deliver what is due; the letters that arrived just now."""
        before = len(self.sink.letters)
        for _ in range(rounds):
            delivery.deliver(Letters(), self.sink)
        db.session.remove()
        return self.sink.letters[before:]

    def number(self) -> None:
        """Let the worker number moves."""
        for campaign_id in register.waiting_campaigns():
            register.number(campaign_id)
        db.session.commit()

    def press(self, letter: Message, row: str | None = None) -> TestResponse:
        """Open a letter's link and press the first button on the page (or a row's)."""
        client = self.browser()
        path = link_in(letter)
        page = client.get(path)
        found = re.search(r'name="row" value="(\d+)"', page.text)
        chosen = row or (found.group(1) if found else "0")
        return client.post(path.partition("?")[0] + "/confirm", data={"row": chosen})

    def signed(self, email: str = "ana@example.org", **typed: str) -> Message:
        """Sign, get the letter, press the button; the letter."""
        assert self.sign(email, **typed).status_code == 303
        letters = self.deliver()
        assert len(letters) == 1
        assert self.press(letters[0]).status_code == 303
        return letters[0]

    def total(self, slug: str = "canteen") -> int:
        """The total shown."""
        db.session.remove()
        return register.total(self.reading(slug).id)


def form_token(page: str) -> str:
    """The token in a page's form."""
    found = re.search(r'name="token" value="([^"]*)"', page)
    assert found, "the page has no form"
    return html.unescape(found.group(1))


def link_in(letter: Message) -> str:
    """The path of the link in a letter."""
    base = re.escape(settings.current().base_url)
    found = re.search(base + r"(/t/[^\s?]+(?:\?row=\d+)?)", letter.text)
    assert found, letter.text
    return found.group(1)


def moment(text: str) -> datetime:
    """A moment in UTC from ISO 8601."""
    return datetime.fromisoformat(text + "+00:00")
