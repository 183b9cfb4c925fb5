"""Earlier addresses: who reads is led to the page that has the new one, and what is posted is taken all the same."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition import articles, events, running, topics
from petition.base import db
from petition.contacts import PendingContact
from petition.pieces import SlugRefused
from petition.signatures import PendingSignature
from tests.cast import Cast, form_token, link_in
from tests.web.steps import path_of

OWNERS = {
    "/<lang:language>/campaigns/<slug:slug>": "canteen", "/<lang:language>/events/<slug:slug>": "open-evening",
    "/embed/<lang:language>/campaigns/<slug:slug>": "canteen",
    "/<lang:language>/topics/<slug:slug>": "work", "/<lang:language>/articles/<slug:slug>": "gate",
}  # fmt: skip


def pages(app: Flask) -> list[tuple[str, str, str]]:
    """(path under the earlier slug, the same under the new one, path without either) of all that a slug stands in."""
    found = []
    for rule in app.url_map.iter_rules():
        for begin, slug in OWNERS.items():
            if rule.rule.startswith(begin) and "GET" in (rule.methods or ()):
                rest = re.sub("<int[^>]+>", "1", re.sub("<lang[^>]+>", "en", rule.rule.removeprefix(begin)))
                rest = re.sub("<[^>]+>", "IE", re.sub("<(look|badge):look>", "dark", rest))
                head = begin.replace("<lang:language>", "en").partition("<")[0]
                found.append((f"{head}{slug}{rest}", f"{head}new-{slug}{rest}", rest))
    return found


@pytest.fixture
def moved(cast: Cast) -> Cast:
    """A campaign, an event, a topic and an article that have other slugs now."""
    cast.campaign()
    event = cast.event()
    topics.save(topics.Draft("work", "en", {"en": topics.Text("Work", "On work.")}), "a test")
    text = articles.Text("At the gate", "They stood there.", "All night.")
    articles.save(articles.Draft("gate", "en", {"en": text}, published_at=db.now()), "a test")
    article, topic = articles.by_slug("gate"), topics.by_slug("work")
    assert article and topic  # noqa: PT018
    running.rename(cast.row(), "new-canteen", "a test")
    events.rename(event, "new-open-evening", "a test")
    topics.rename(topic, "new-work", "a test")
    articles.rename(article, "new-gate", "a test")
    db.session.commit()
    return cast


def test_every_page_under_an_earlier_slug_leads_to_the_same_page_under_the_new_one(app: Flask, moved: Cast) -> None:
    known = pages(app)
    assert {rest for _, _, rest in known} >= {
        "",
        ".ics",
        "/badge.svg",
        "/dark",
        "/embed/dark",
        "/feed.xml",
        "/link",
        "/news",
        "/poster",
        "/privacy",
        "/share.png",
    }
    for old, new, _ in known:
        answer = moved.browser().get(old + "?source=poster")
        assert (answer.status_code, answer.location) == (301, new + "?source=poster"), old
        assert moved.browser().head(old).location == new
        assert "no-store" in answer.headers["Cache-Control"], "it may be given back its earlier slug"


def test_a_form_that_was_open_while_the_slug_changed_is_still_taken(cast: Cast) -> None:
    """Architecture, addresses: old slugs still take a POST."""
    cast.campaign()
    old = "/en/campaigns/canteen"
    forms = {path: form_token(cast.browser().get(old + path).text) for path in ("", "/link", "/news")}
    running.rename(cast.row(), "kitchen", "a test")
    db.session.commit()
    typed = {"name": "Ana", "email": "ana@example.org", "country": "IE"}
    answers = {path: cast.browser().post(old + path, data=typed | {"token": token}) for path, token in forms.items()}
    assert {answer.status_code for answer in answers.values()} == {303}
    assert "/campaigns/kitchen/inbox/" in answers[""].location
    assert "/campaigns/kitchen/news/inbox/" in answers["/news"].location
    assert db.session.scalar(select(func.count()).select_from(PendingSignature)) == 1
    assert db.session.scalar(select(func.count()).select_from(PendingContact)) == 1
    letters = {letter.subject: letter for letter in cast.deliver()}
    assert letters
    for letter in letters.values():
        assert cast.browser().get(path_of(link_in(letter))).status_code == 200


def test_what_is_not_public_is_not_told_of_by_its_earlier_slug_either(cast: Cast) -> None:
    cast.campaign(publish=False)
    cast.campaign("gone")
    for slug in ("canteen", "gone"):
        running.rename(cast.row(slug), f"secret-{slug}", "a test")
    running.withdraw(cast.row("gone"), "a test")
    db.session.commit()
    for slug, status in (("canteen", 404), ("gone", 410)):
        answer = cast.browser().get(f"/en/campaigns/{slug}")
        assert (answer.status_code, "secret" in answer.text) == (status, False)


def test_a_campaign_takes_no_slug_that_another_has_or_had_and_may_have_its_own_again(cast: Cast) -> None:
    cast.campaign()
    cast.campaign("other")
    running.rename(cast.row(), "kitchen", "a test")
    for slug in ("canteen", "kitchen", "Other", "", "a b", "x" * 81):
        with pytest.raises(SlugRefused):
            running.rename(cast.row("other"), slug, "a test")
    running.rename(cast.row("kitchen"), "canteen", "a test")
    db.session.commit()
    assert cast.browser().get("/en/campaigns/kitchen").location == "/en/campaigns/canteen"
