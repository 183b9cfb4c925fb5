"""Events and topics at the desk: times by the clocks of the place, cancelling, order, the trash and back."""

import re

import pytest
from flask import Flask

from petition import events, teams, topics
from petition.base import db
from petition.journal import Entry
from tests.cast import Cast
from tests.web.test_desk_articles import form_of, written

#: Days are typed here, and each must be one to come.
pytestmark = pytest.mark.usefixtures("summer_of_2030")

NEW = "/desk/events/new"
MEETING = {
    "languages": "en", "en-title": "Open evening", "en-place": "Dock Hall", "en-standfirst": "Come and ask.",
    "en-source": "Bring *soup*.", "time_zone": "Europe/Madrid", "starts": "2031-06-01T19:00",
    "ends": "2031-06-01T21:00",
    "state": "now", "slug": "open-evening",
}  # fmt: skip


def test_an_editor_announces_an_event_by_the_clocks_of_the_place(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.SITE_EDITOR)
    assert "No event is announced yet" in desk.get("/desk/events").text
    answer = desk.send(NEW, **MEETING)
    assert answer.status_code == 303
    path = answer.location.partition("?")[0]
    found = events.by_slug("open-evening")
    assert found is not None
    assert found.starts_at.isoformat() == "2031-06-01T17:00:00+00:00"
    page = cast.browser().get("/en/events/open-evening").text
    assert "Dock Hall" in page
    assert "<em>soup</em>" in page
    assert "Central European Summer Time" in desk.get(path).text
    assert "Ahead" in desk.get("/desk/events?state=ahead&title=OPEN").text
    assert written(desk, path).location.endswith("done=same")
    preview = written(desk, path, then="preview-en", **{"en-place": "Crane Yard"}).text
    assert "Crane Yard" in preview
    assert events.texts(found.id)["en"].place == "Dock Hall"


def test_a_change_of_clocks_is_said_and_a_time_that_is_none_is_refused(app: Flask, cast: Cast) -> None:
    """S43."""
    desk = cast.organiser(teams.SITE_EDITOR)
    for wrong in ({"starts": "2031-03-30T02:30", "ends": ""}, {"ends": "2031-06-01T18:00"}, {"starts": ""},
                  {"ends": "2033-06-01T18:00"}, {"time_zone": "Nowhere"}, {"starts": "soon"},
                  {"online": "http://example.org"}, {"en-place": ""}, {"slug": "past"}):  # fmt: skip
        answer = desk.send(NEW, **(MEETING | wrong))
        assert answer.status_code == 422, wrong
        assert "Bring *soup*." in answer.text
    assert desk.send(NEW, **(MEETING | {"en-place": "", "online": "https://example.org/call"})).status_code == 303
    twice = {"slug": "twice", "starts": "2031-10-26T02:30", "ends": "2031-10-26T04:00"}
    path = desk.send(NEW, **(MEETING | twice)).location.partition("?")[0]
    assert "the first one is meant" in desk.get(path).text


def test_an_event_is_cancelled_with_a_reason_and_editing_leaves_it_so(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.SITE_EDITOR)
    path = desk.send(NEW, **MEETING).location.partition("?")[0]
    assert desk.send(path + "/cancel").status_code == 422
    assert desk.send(path + "/cancel", reason="burst pipes").location.endswith("done=cancelled")
    assert written(desk, path, **{"en-place": "Crane Yard"}).status_code == 303
    page = cast.browser().get("/en/events/open-evening").text
    assert "This event does not take place" in page
    assert "Crane Yard" in page
    assert "burst pipes" not in page
    assert "burst pipes" in [one.reason for one in db.session.query(Entry)]
    assert "Cancelled" in desk.get("/desk/events?state=cancelled").text


def test_an_event_in_the_trash_is_in_no_list_and_no_calendar_until_it_is_back(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.SITE_EDITOR)
    path = desk.send(NEW, **MEETING).location.partition("?")[0]
    public = ("/en/", "/en/events/", "/en/events.ics", "/en/events/feed.xml", "/en/events/open-evening")
    reader = cast.browser()
    there = [one for one in public if "Open evening" in reader.get(one).text]
    assert len(there) >= 4
    desk.send(path + "/trash", reason="a mistake")
    assert [one for one in public if "Open evening" in reader.get(one).text] == []
    desk.send("/desk/trash/restore", kind="event", id=path.rpartition("/")[2])
    assert [one for one in public if "Open evening" in reader.get(one).text] == there


def test_topics_are_made_moved_renamed_and_unfiled_in_numbers(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.SITE_EDITOR)
    assert "There is no topic yet" in desk.get("/desk/topics").text
    for title in ("Harbour", "Hospital", "School"):
        made = {"languages": "en", "en-title": title, "en-standfirst": "All about it."}
        assert desk.send("/desk/topics/new", **made).status_code == 303
    assert desk.send("/desk/topics/new", languages="en", **{"en-title": "x"}).status_code == 422
    assert [one.text.title for one in topics.all_public("en")] == ["Harbour", "Hospital", "School"]
    last = topics.by_slug("school")
    assert last is not None
    assert desk.send(f"/desk/topics/{last.id}/move", way="up").status_code == 303
    assert [one.text.title for one in topics.all_public("en")] == ["Harbour", "School", "Hospital"]
    assert desk.send(f"/desk/topics/{last.id}/move", way="sideways").status_code == 400
    first = topics.by_slug("harbour")
    assert first is not None
    path = f"/desk/topics/{first.id}"
    assert written(desk, path, slug="docks").status_code == 303
    assert cast.browser().get("/en/topics/harbour").location == "/en/topics/docks"
    cast.article(topic_id=first.id)
    cast.article("draft", topic_id=first.id, published_at=None)
    cast.event(topic_id=first.id)
    page = desk.get(path).text
    assert "2 articles lose this topic" in page
    assert "1 event loses this topic." in page
    assert desk.send(path + "/trash", reason="nobody reads it").status_code == 303
    reader = cast.browser()
    assert reader.get("/en/topics/docks").status_code == 404
    assert reader.get("/en/articles/at-the-gate").status_code == 200
    assert not re.search("Harbour", reader.get("/en/").text + reader.get("/sitemap-topics-0.xml").text)
    counts = [one.count for one in db.session.query(Entry).where(Entry.deed == "topic trashed")]
    assert counts == [4]
    desk.send("/desk/trash/restore", kind="topic", id=str(first.id))
    assert reader.get("/en/topics/docks").status_code == 200


def test_two_editors_of_one_event_and_of_one_topic_lose_nothing(app: Flask, cast: Cast) -> None:
    one, two = (cast.organiser(teams.SITE_EDITOR, name=name) for name in ("Olga", "Mia"))
    event = one.send(NEW, **MEETING).location.partition("?")[0]
    topic = f"/desk/topics/{cast.topic().id}"
    for path, field in ((event, "en-place"), (topic, "en-standfirst")):
        opened = form_of(two.get(path).text)
        assert written(one, path, **{field: "By Olga."}).status_code == 303
        answer = two.client.post(path, data=opened | {field: "By Mia."})
        assert answer.status_code == 409
        assert "By Olga." in answer.text
        assert two.client.post(path, data=form_of(answer.text)).status_code == 303
        assert "By Mia." in two.get(path).text
