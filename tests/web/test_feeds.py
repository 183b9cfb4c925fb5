"""What feed readers are told: the site's news, a campaign, the events (RFC 4287), and where to find it."""

import re
from collections.abc import Callable
from datetime import timedelta
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from sqlalchemy import update
from time_machine import travel

from petition import articles, events, running, topics
from petition.articles import Draft
from petition.base import db
from petition.drafts import Text
from petition.web.public import feeds
from tests.cast import Browser, Cast, moment
from tests.web import atom

NOW = moment("2030-06-15T12:00")
SITE, TOPIC, CAMPAIGN, EVENTS = (
    "/en/feed.xml", "/en/topics/work/feed.xml", "/en/campaigns/canteen/feed.xml", "/en/events/feed.xml",
)  # fmt: skip
HOSTILE = "]]> </title><script>alert(1)</script> & \"'<!-- \u2028 &amp; \ufffe\x0b"


def feed(cast: Cast, path: str = SITE) -> Element:
    """A feed, read strictly."""
    answer = cast.browser().get(path)
    assert (answer.status_code, answer.content_type) == (200, "application/atom+xml; charset=utf-8")
    return atom.read(answer.data)


def write(
    slug: str, *languages: str, title: str = "At the gate", source: str = "All *night*.", **facts: object
) -> None:
    """An article in these languages, public for an hour."""
    texts = dict.fromkeys(languages or ("en",), articles.Text(title, "They stood there.", source))
    given = {"published_at": db.now() - timedelta(hours=1)} | facts
    articles.save(Draft(slug, next(iter(texts)), texts, **given), "a test")  # type: ignore[arg-type]
    db.session.commit()


def topic(slug: str = "work") -> int:
    """A topic, its id."""
    said = {"en": topics.Text("Work", "On work."), "es": topics.Text("Trabajo", "Del trabajo.")}
    topics.save(topics.Draft(slug, "en", said), "a test")
    db.session.commit()
    found = topics.read(slug, "en")
    assert found is not None
    return found.id


def test_the_site_s_feed_has_its_newest_articles_with_their_words(cast: Cast) -> None:
    with travel(NOW, tick=False):
        write("old", title="Old", published_at=NOW - timedelta(days=3))
        write("new", "en", "es", authors="Ana López, Ngũgĩ wa Kamau", source="See [us](/en/join) and ![x](/a.png).")
        found = feed(cast)
        entry, _ = atom.entries(found)
    assert atom.titles(found) == ["At the gate", "Old"]
    assert atom.said(entry, "summary") == "They stood there."
    assert [atom.said(person, "name") for person in entry.findall(atom.ATOM + "author")] == [
        "Ana López", "Ngũgĩ wa Kamau",
    ]  # fmt: skip
    assert 'href="http://localhost/en/join"' in atom.said(entry, "content")
    assert [link.get("href") for link in entry.findall(atom.ATOM + "link")] == ["http://localhost/en/articles/new"]
    assert atom.moment(entry, "published") == NOW - timedelta(hours=1)
    assert atom.moment(found, "updated") == NOW


def test_what_is_not_public_stands_in_no_feed(cast: Cast) -> None:
    """S08."""
    cast.campaign("gone", texts={"en": Text("Secret", "To", "Secret.", "Secret.")})
    running.withdraw(cast.row("gone"), "a test")
    cast.campaign("draft", publish=False)
    write("tomorrow", title="Secret", published_at=db.now() + timedelta(days=1))
    write("never", title="Secret", published_at=None)
    cast.event(published_at=None)
    cast.event("later", published_at=db.now() + timedelta(hours=1))
    client = cast.browser()
    wanted = {
        SITE: 200, EVENTS: 200, "/en/campaigns/draft/feed.xml": 404, "/en/campaigns/none/feed.xml": 404,
        "/en/campaigns/gone/feed.xml": 410, "/fr/feed.xml": 404, "/fr/events/feed.xml": 404,
    }  # fmt: skip
    for path, status in wanted.items():
        answer = client.get(path)
        assert answer.status_code == status, path
        assert "Secret" not in answer.text, path
    assert atom.entries(feed(cast)) == atom.entries(feed(cast, EVENTS)) == []


def test_each_language_has_its_own_feed_and_what_it_lacks_says_its_language(cast: Cast) -> None:
    write("both", "en", "es")
    write("spanish", "es", title="En la puerta")
    english, spanish = feed(cast), feed(cast, "/es/feed.xml")
    assert (english.get(atom.LANG), spanish.get(atom.LANG)) == ("en", "es")
    assert atom.said(english, "id") != atom.said(spanish, "id")
    languages = {atom.said(entry, "id"): entry.get(atom.LANG) for entry in atom.entries(english)}
    others = {atom.said(entry, "id"): entry.get(atom.LANG) for entry in atom.entries(spanish)}
    assert sorted(languages.values()) == ["en", "es"]
    assert set(others.values()) == {"es"}
    assert len(languages.keys() & others.keys()) == 1, "the one that is the same in both"


def test_a_topic_s_feed_has_its_own_articles_and_none_has_updates_but_the_campaign_s(cast: Cast) -> None:
    campaign = cast.campaign()
    write("filed", title="Filed", topic_id=topic())
    write("loose", title="Loose")
    write("update", title="Update", campaign_id=campaign.id, topic_id=topic(), is_update=True)
    assert atom.titles(feed(cast, TOPIC)) == ["Filed"]
    assert set(atom.titles(feed(cast, SITE))) == {"Filed", "Loose"}
    assert "Update" in atom.titles(feed(cast, CAMPAIGN))
    assert atom.said(feed(cast, "/es/topics/work/feed.xml"), "title").startswith("Trabajo – ")
    assert cast.browser().get("/en/topics/none/feed.xml").status_code == 404


def test_a_material_in_another_language_is_marked_as_such(cast: Cast) -> None:
    write("mixed")
    db.session.execute(update(articles.ArticleText).values(text_language="es"))
    db.session.commit()
    (entry,) = atom.entries(feed(cast))
    content = entry.find(atom.ATOM + "content")
    assert content is not None
    assert (entry.get(atom.LANG), content.get(atom.LANG)) == ("en", "es")


@pytest.mark.parametrize("path", [SITE, TOPIC, CAMPAIGN, EVENTS])
def test_an_entry_keeps_its_id_whatever_becomes_of_its_address(cast: Cast, path: str) -> None:
    campaign = cast.campaign()
    write("gate", campaign_id=campaign.id, topic_id=topic())
    cast.event()
    before = [atom.said(entry, "id") for entry in [feed(cast, path), *atom.entries(feed(cast, path))]]
    article, event = articles.by_slug("gate"), events.by_slug("open-evening")
    work = topics.by_slug("work")
    assert article and event and work  # noqa: PT018
    topics.rename(work, "labour", "a test")
    articles.rename(article, "at-the-gate", "a test")
    events.rename(event, "open-house", "a test")
    running.rename(cast.row(), "kitchen", "a test")
    db.session.commit()
    after = feed(cast, path.replace("canteen", "kitchen").replace("work", "labour"))
    assert sorted(before) == sorted(atom.said(entry, "id") for entry in [after, *atom.entries(after)])
    links = [link.get("href") or "" for link in after.iter(atom.ATOM + "link")]
    assert not any(old in link for old in ("canteen", "work", "/gate", "open-evening") for link in links)


def test_hostile_words_stay_words_and_what_xml_cannot_say_is_left_out(cast: Cast) -> None:
    write("hostile", title=HOSTILE, source=HOSTILE + '\n\n[x](javascript:alert(1)) `<a href="/x">`')
    cast.event(texts={"en": events.Text(HOSTILE, HOSTILE, HOSTILE, HOSTILE)})
    cast.campaign(texts={"en": Text(HOSTILE, HOSTILE, HOSTILE, HOSTILE)})
    for path in (SITE, EVENTS, CAMPAIGN):
        (entry,) = atom.entries(feed(cast, path))
        assert atom.said(entry, "title") == HOSTILE[:-2]
        assert "<script" not in atom.said(entry, "content").replace("&lt;script", "")
    code = atom.said(atom.entries(feed(cast))[0], "content")
    assert '<code>&lt;a href="/x"&gt;</code>' in code


def test_a_text_too_long_to_bring_along_leaves_its_summary_and_no_feed_is_too_big_to_keep(cast: Cast) -> None:
    """The page cache keeps answers up to 200 kB."""
    for number in range(feeds.MOST):
        write(f"a{number}", "en", source="كلمات " * 540)
    write("long", source="word " * 3000)
    for number in range(feeds.MOST_EVENTS + 1):
        said = events.Text("Open evening", "Come and ask.", "Dock Hall", "كلمات " * (180 if number else 1500))
        cast.event(f"e{number}", texts={"en": said})
    for path, most, empty in ((SITE, feeds.MOST, 1), (EVENTS, feeds.MOST_EVENTS, 0)):
        answer = cast.browser().get(path)
        texts = [atom.said(entry, "content") for entry in atom.entries(atom.read(answer.data))]
        assert (len(texts), texts.count("")) == (most, empty)
        assert sum("كلمات" in text for text in texts) >= most - 1
        assert len(answer.data) < 200_000


def test_a_campaign_s_feed_tells_of_its_appeal_its_articles_and_its_end(cast: Cast) -> None:
    with travel(NOW, tick=False) as clock:
        reading = cast.campaign()
        clock.shift(3600)
        write("gate", campaign_id=reading.id, published_at=db.now())
        write("other", title="Of something else")
        assert atom.titles(feed(cast, CAMPAIGN)) == ["At the gate", "Take the canteen workers back"]
        cast.signed()
        clock.shift(60)
        running.close(cast.row(), "a test")
        db.session.commit()
        clock.shift(3600)
        closed = atom.entries(feed(cast, CAMPAIGN))[0]
        cast.number()
        clock.shift(timedelta(days=2).total_seconds())
        final = atom.entries(feed(cast, "/es/campaigns/canteen/feed.xml"))[0]
    assert atom.said(closed, "title") == "Signing has closed: Take the canteen workers back"
    assert atom.moment(closed, "updated") == NOW + timedelta(minutes=61)
    assert atom.moment(final, "updated") == NOW + timedelta(hours=25, minutes=3)
    assert atom.said(final, "summary") == "El total definitivo es de 1 firma."
    assert atom.said(closed, "id").removesuffix("en") == atom.said(final, "id").removesuffix("es")


def test_an_appeal_is_news_again_when_signing_begins_and_when_its_text_is_another(cast: Cast) -> None:
    with travel(NOW, tick=False) as clock:
        cast.campaign(opens_at=NOW + timedelta(days=2))
        assert atom.moment(feed(cast, CAMPAIGN), "updated") == NOW
        clock.shift(timedelta(days=3).total_seconds())
        assert atom.moment(feed(cast, CAMPAIGN), "updated") == NOW + timedelta(days=2)
        text = Text("Take them back now", "the Port Authority", "Forty.", "Back.")
        cast.campaign(publish=False, opens_at=NOW + timedelta(days=2), texts={"en": text})
        found = feed(cast, CAMPAIGN)
    assert atom.moment(found, "updated") == NOW + timedelta(days=3)
    assert atom.titles(found) == ["Take them back now"]


def test_a_campaign_s_feed_speaks_any_language_of_its_own(cast: Cast) -> None:
    arabic = Text("أعيدوهم", "إلى الهيئة", "أربعون.", "أعيدوهم.")
    cast.campaign(first_language="ar", texts={"ar": arabic})
    found = feed(cast, "/ar/campaigns/canteen/feed.xml")
    assert (found.get(atom.LANG), atom.entries(found)[0].get(atom.LANG)) == ("ar", "ar")


def test_the_events_feed_says_when_and_where_and_what_was_cancelled(cast: Cast) -> None:
    with travel(NOW, tick=False) as clock:
        cast.event(starts_at=moment("2030-07-01T17:00"), ends_at=moment("2030-07-01T19:30"),
                   online="https://meet.example/a")  # fmt: skip
        cast.event("off", starts_at=moment("2030-07-02T17:00"), ends_at=None)
        cast.event("over", starts_at=NOW - timedelta(days=31), ends_at=None)
        clock.shift(60)
        event = events.by_slug("off")
        assert event is not None
        events.cancel(event, "a test", "a secret reason")
        db.session.commit()
        found = feed(cast, EVENTS)
    cancelled, ahead = atom.entries(found)
    words = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", atom.said(ahead, "content")))
    assert "Monday, 1 July 2030, from 19:00 to 21:30 · Central European Summer Time (UTC+2)" in words
    assert "Dock Hall" in words
    assert "Online: https://meet.example/a" in words
    assert atom.said(cancelled, "title") == "Cancelled: Open evening"
    assert "This event does not take place." in atom.said(cancelled, "content")
    assert "secret" not in atom.said(cancelled, "content")
    assert atom.moment(found, "updated") == NOW + timedelta(seconds=60)


@pytest.mark.parametrize("path", [SITE, TOPIC, CAMPAIGN, EVENTS])
def test_a_reader_that_asks_again_hears_that_nothing_changed(make_app: Callable[..., Flask], path: str) -> None:
    app = make_app(page_cache=0.5)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        write("gate", topic_id=topic())
        cast.event()
        client = Browser(app, use_cookies=False)
        first = client.get(path)
        again = client.get(path + "?source=x", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert first.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("page", "there"),
    [
        ("/en/", SITE), ("/en/articles/gate", SITE), ("/es/articles/gate", "/es/feed.xml"),
        ("/en/articles/", SITE), ("/en/topics/work", TOPIC), ("/es/topics/work", "/es/topics/work/feed.xml"),
        ("/en/campaigns/canteen", CAMPAIGN), ("/es/campaigns/canteen", "/es/campaigns/canteen/feed.xml"),
        ("/en/events/", EVENTS), ("/en/events/past", EVENTS), ("/es/events/open-evening", "/es/events/feed.xml"),
    ],
)  # fmt: skip
def test_a_page_leads_to_the_feed_that_tells_of_it(cast: Cast, page: str, there: str) -> None:
    cast.campaign()
    write("gate", topic_id=topic())
    cast.event()
    shown = cast.browser().get(page).text
    told = re.findall(r'<link rel="alternate" type="application/atom\+xml" title="[^"]+" href="([^"]+)"', shown)
    assert told == [there]
    assert f'href="{there}"' in shown.partition("<body")[2], "for people, too"
    assert cast.browser().get(there).status_code == 200


def test_a_page_of_which_no_feed_tells_names_none(cast: Cast) -> None:
    cast.campaign()
    for path in ("/en/privacy", "/en/campaigns/canteen/link", "/en/join", "/en/nothing"):
        assert "atom+xml" not in cast.browser().get(path).text


def test_an_article_of_a_campaign_leads_to_signing_it_while_that_can_be_done(cast: Cast) -> None:
    reading = cast.campaign()
    write("gate", campaign_id=reading.id)
    way = 'href="http://localhost/en/campaigns/canteen?source=articles/gate"'
    assert way in atom.said(atom.entries(feed(cast))[0], "content")
    running.withdraw(cast.row(), "a test")
    db.session.commit()
    content = atom.said(atom.entries(feed(cast))[0], "content")
    assert "canteen" not in content.lower()
    assert "All <em>night</em>." in content
