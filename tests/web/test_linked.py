"""What search engines are told of an article and an event (JSON-LD, schema.org): true, and never more than data."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from time_machine import travel

from petition import articles, events, worker
from petition.base import db
from tests.cast import Cast, moment

NOW = moment("2030-06-15T12:00")
HOSTILE = "</script><script>alert(1)</script><!-- \u2028 \u2029 ]]> & \"'\\"


def data(cast: Cast, path: str) -> dict[str, Any]:
    """The only block of data of a page."""
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', cast.browser().get(path).text, re.S)
    read = json.loads(found)
    assert read["@context"] == "https://schema.org"
    assert isinstance(read, dict)
    return read


def write(*languages: str, title: str = "At the gate", **facts: object) -> None:
    """An article, published an hour ago."""
    texts = dict.fromkeys(languages or ("en",), articles.Text(title, "They stood there.", "All night."))
    given = {"published_at": db.now() - timedelta(hours=1)} | facts
    articles.save(articles.Draft("gate", next(iter(texts)), texts, **given), "a test")  # type: ignore[arg-type]
    db.session.commit()


def test_an_article_says_who_wrote_it_when_and_in_which_language(cast: Cast) -> None:
    with travel(NOW, tick=False):
        write("en", "es", authors="Ana López, Ngũgĩ wa Kamau")
        found = data(cast, "/es/articles/gate?source=x")
    assert found["@type"] == "NewsArticle"
    assert (found["headline"], found["description"], found["inLanguage"]) == ("At the gate", "They stood there.", "es")
    assert (found["datePublished"], found["dateModified"]) == ("2030-06-15T11:00:00+00:00", "2030-06-15T12:00:00+00:00")
    assert [one["name"] for one in found["author"]] == ["Ana López", "Ngũgĩ wa Kamau"]
    assert found["publisher"]["@type"] == "Organization"
    assert found["mainEntityOfPage"] == "http://localhost/es/articles/gate"
    assert "image" not in found


def test_an_article_without_authors_is_the_site_s_and_belongs_to_its_own_language(cast: Cast) -> None:
    write("es")
    found = data(cast, "/en/articles/gate")
    assert found["author"] == [found["publisher"]]
    assert (found["inLanguage"], found["mainEntityOfPage"]) == ("es", "http://localhost/es/articles/gate")


def test_an_article_of_a_campaign_brings_its_picture(cast: Cast) -> None:
    reading = cast.campaign()
    worker.draw()
    write(campaign_id=reading.id)
    assert data(cast, "/en/articles/gate")["image"].startswith("http://localhost/en/campaigns/canteen/share.png")


def test_an_event_says_when_by_its_own_clock_and_where(cast: Cast) -> None:
    with travel(NOW, tick=False):
        cast.event(starts_at=moment("2030-07-01T17:00"), ends_at=moment("2030-07-01T19:30"))
        found = data(cast, "/en/events/open-evening")
    assert (found["@type"], found["name"], found["inLanguage"]) == ("Event", "Open evening", "en")
    assert (found["startDate"], found["endDate"]) == ("2030-07-01T19:00+02:00", "2030-07-01T21:30+02:00")
    assert found["eventStatus"] == "https://schema.org/EventScheduled"
    assert found["eventAttendanceMode"] == "https://schema.org/OfflineEventAttendanceMode"
    assert found["location"] == [{"@type": "Place", "name": "Dock Hall", "address": "Dock Hall"}]
    assert found["organizer"]["url"] == "http://localhost/en/"


@pytest.mark.parametrize(("place", "mode", "kinds"), [
    ("Dock Hall", "Mixed", ["Place", "VirtualLocation"]), ("", "Online", ["VirtualLocation"]),
])  # fmt: skip
def test_an_event_online_says_the_way_in_as_long_as_its_page_does(
    cast: Cast, place: str, mode: str, kinds: list[str]
) -> None:
    text = {"en": events.Text("Open evening", "Come and ask.", place, "Bring soup.")}
    cast.event(texts=text, online="https://meet.example/a", ends_at=None)
    found = data(cast, "/en/events/open-evening")
    assert found["eventAttendanceMode"] == f"https://schema.org/{mode}EventAttendanceMode"
    assert [one["@type"] for one in found["location"]] == kinds
    assert found["location"][-1]["url"] == "https://meet.example/a"
    assert "endDate" not in found
    event = events.by_slug("open-evening")
    assert event is not None
    events.cancel(event, "a test", "a secret reason")
    db.session.commit()
    cancelled = data(cast, "/en/events/open-evening")
    assert cancelled["eventStatus"] == "https://schema.org/EventCancelled"
    assert cancelled["eventAttendanceMode"] == found["eventAttendanceMode"]
    assert "meet.example" not in str(cancelled)
    assert "secret" not in str(cancelled)


def test_hostile_words_never_end_the_block(cast: Cast) -> None:
    write(title=HOSTILE, authors=HOSTILE)
    cast.event(texts={"en": events.Text(HOSTILE, HOSTILE, HOSTILE, "Text.")})
    for path, name in (("/en/articles/gate", "headline"), ("/en/events/open-evening", "name")):
        assert data(cast, path)[name] == HOSTILE
        block = cast.browser().get(path).text.partition("ld+json")[2].partition("</script")[0][2:]
        assert not re.search("[<>&\u2028\u2029]", block)
