"""Events: what is ahead and what is past, what changes them, and the folders they come from."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from time_machine import travel

from petition import events, folders
from petition.base import db
from petition.events import Draft, Reading, Text
from petition.folders import FolderRefused
from petition.journal import Entry
from petition.pieces import SlugRefused
from petition.topics import Topic, TopicSlug
from tests.cast import Cast, moment

NOW = datetime(2030, 6, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ENGLISH = Text("Open evening", "Come and ask.", "Dock Hall, Corvane", "Bring *soup*.")
SPANISH = Text("Tarde abierta", "Ven y pregunta.", "Sala del Muelle, Corvane", "Trae *sopa*.")
DRAFT = Draft(
    slug="open-evening", first_language="en", texts={"en": ENGLISH, "es": SPANISH}, time_zone="Europe/Madrid",
    starts_at=NOW + 2 * HOUR, ends_at=NOW + 4 * HOUR, published_at=NOW - 24 * HOUR,
)  # fmt: skip


def saved(slug: str, **changes: object) -> events.Event:
    events.save(replace(DRAFT, slug=slug, **changes), "a test")
    found = events.by_slug(slug)
    assert found is not None
    return found


def slugs(found: list[Reading]) -> list[str]:
    return [one.slug for one in found]


def journal() -> list[tuple[str, str]]:
    return [(line.deed, line.reason) for line in db.session.scalars(select(Entry).order_by(Entry.id))]


def test_an_event_is_read_in_the_language_asked_for_or_in_its_first_one(app: object) -> None:
    event = saved("open-evening")
    for asked, language, title in (
        ("en", "en", "Open evening"),
        ("es", "es", "Tarde abierta"),
        ("ar", "en", "Open evening"),
    ):
        found = events.read("open-evening", asked, NOW)
        assert found is not None
        assert (found.id, found.text.language, found.text.title) == (event.id, language, title)
    assert found.languages == ("en", "es")
    assert (found.starts_at, found.ends_at, found.time_zone) == (NOW + 2 * HOUR, NOW + 4 * HOUR, "Europe/Madrid")
    assert found.text.html == "<p>Bring <em>soup</em>.</p>\n"


def test_the_first_language_stands_first_among_its_languages(app: object) -> None:
    saved("open-evening", first_language="es")
    found = events.read("open-evening", "en", NOW)
    assert found is not None
    assert found.languages == ("es", "en")


@pytest.mark.parametrize(("published_at", "is_public"), [(None, False), (NOW + HOUR, False), (NOW, True)])
def test_an_event_is_public_from_its_date_on(app: object, published_at: datetime | None, is_public: bool) -> None:
    saved("open-evening", published_at=published_at)
    assert (events.read("open-evening", "en", NOW) is not None) is is_public
    assert bool(events.upcoming("en", NOW)) is is_public
    assert bool(events.past("en", NOW + 10 * HOUR, 9)) is (published_at is not None)


@pytest.mark.parametrize(("ends_at", "over"), [(NOW + 5 * HOUR, NOW + 5 * HOUR), (None, NOW + 2 * HOUR + events.USUAL)])
def test_an_event_is_ahead_until_it_ends_to_the_second(app: object, ends_at: datetime | None, over: datetime) -> None:
    """One without an end is thought to last three hours."""
    saved("open-evening", ends_at=ends_at)
    for at, is_over in ((over - timedelta(seconds=1), False), (over, True)):
        found = events.read("open-evening", "en", at)
        assert found is not None
        assert found.is_over(at) is is_over
        assert (slugs(events.upcoming("en", at)), slugs(events.past("en", at, 9))) == (
            ([], ["open-evening"]) if is_over else (["open-evening"], [])
        )


def test_a_meeting_that_began_months_ago_and_goes_on_is_still_ahead(app: object) -> None:
    saved("camp", starts_at=NOW - timedelta(days=200), ends_at=NOW + timedelta(days=100))
    saved("hour", starts_at=NOW - HOUR, ends_at=NOW + HOUR)
    assert slugs(events.upcoming("en", NOW)) == ["camp", "hour"]


def test_what_comes_next_stands_first_and_so_does_what_was_last(app: object) -> None:
    for slug, days in (("b", 2), ("a", 1), ("x", -2), ("y", -1), ("z", -3), ("c", 3)):
        saved(slug, starts_at=NOW + timedelta(days=days), ends_at=None)
    assert slugs(events.upcoming("en", NOW, 2)) == ["a", "b"]
    assert slugs(events.past("en", NOW, 9)) == ["y", "x", "z"]


def test_past_events_are_read_page_by_page_and_none_is_lost_where_they_begin_together(app: object) -> None:
    for number in range(7):
        saved(f"e{number}", starts_at=NOW - timedelta(days=2 if number < 5 else 3), ends_at=None)
    read: list[str] = []
    page = events.past("en", NOW, 2)
    while page:
        read += slugs(page)
        page = events.past("en", NOW, 2, before_id=page[-1].id)
    assert read == ["e4", "e3", "e2", "e1", "e0", "e6", "e5"]


def test_pages_before_an_event_that_is_not_there_or_not_public_are_empty(app: object) -> None:
    saved("old", starts_at=NOW - timedelta(days=9), ends_at=None)
    hidden = saved("hidden", starts_at=NOW - timedelta(days=2), ends_at=None, published_at=None)
    assert events.past("en", NOW, 9, before_id=hidden.id) == []
    assert events.past("en", NOW, 9, before_id=2**60) == []


def test_events_of_a_campaign_and_of_a_topic_are_found(cast: Cast) -> None:
    topic = Topic(slug="harbour", first_language="en", created_at=NOW)
    db.session.add(topic)
    db.session.flush()
    campaign = cast.campaign()
    saved("of-campaign", campaign_id=campaign.id)
    saved("of-topic", topic_id=topic.id)
    later = NOW + timedelta(days=2)
    for read in (lambda **of: events.upcoming("en", NOW, **of), lambda **of: events.past("en", later, 9, **of)):
        assert slugs(read(campaign_id=campaign.id)) == ["of-campaign"]
        assert slugs(read(topic_id=topic.id)) == ["of-topic"]
        assert len(read()) == 2


def test_a_cancelled_event_is_shown_as_such_until_it_would_have_ended_and_then_in_no_list(app: object) -> None:
    event = saved("open-evening")
    assert events.cancel(event, "a test", "burst pipes")
    assert not events.cancel(event, "a test", "again")
    (found,) = events.upcoming("en", NOW)
    assert found.cancelled_at is not None
    assert events.past("en", NOW + 5 * HOUR, 9) == []
    assert events.read("open-evening", "en", NOW + 5 * HOUR) is not None
    assert journal()[-1] == ("event cancelled", "burst pipes")


def test_a_calendar_hears_of_what_ended_lately_and_of_what_was_cancelled(app: object) -> None:
    for slug, days in (("old", -40), ("late", -20), ("next", 5)):
        saved(slug, starts_at=NOW + timedelta(days=days), ends_at=None, cancelled=slug == "late")
    begin = NOW - timedelta(days=30)
    assert slugs(events.since("en", NOW, begin, 9)) == ["late", "next"]
    assert slugs(events.since("en", NOW, begin, 1)) == ["next"]


def test_saving_what_is_as_it_was_leaves_no_trace(app: object) -> None:
    with travel(NOW, tick=False) as clock:
        assert events.save(DRAFT, "a test") is True
        clock.shift(60)
        assert events.save(DRAFT, "a test") is False
        found = events.read("open-evening", "en", NOW)
        assert found is not None
        assert (found.created_at, found.changed_at) == (NOW, NOW)
        assert journal() == [("event made", "")]


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": NOW + HOUR}, {"ends_at": None}, {"time_zone": "Europe/London"}, {"published_at": None},
        {"online": "https://meet.example/a"}, {"cancelled": True}, {"first_language": "es"}, {"texts": {"en": ENGLISH}},
        {"texts": {"en": ENGLISH, "es": replace(SPANISH, place="En otra parte")}},
        {"texts": {"en": ENGLISH, "es": SPANISH, "fr": SPANISH}},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_real_change_is_dated_and_written_into_the_journal(app: object, change: dict[str, object]) -> None:
    with travel(NOW, tick=False) as clock:
        saved("open-evening")
        clock.shift(60)
        assert events.save(replace(DRAFT, **change), "a test") is True
        event = events.by_slug("open-evening")
        assert event is not None
        assert event.changed_at == NOW + timedelta(seconds=60)
        assert journal() == [("event made", ""), ("event edited", "")]
        assert events.save(replace(DRAFT, **change), "a test") is False


def test_a_language_that_is_no_longer_given_is_gone(app: object) -> None:
    saved("open-evening")
    events.save(replace(DRAFT, first_language="es", texts={"es": SPANISH}), "a test")
    found = events.read("open-evening", "en", NOW)
    assert found is not None
    assert (found.languages, found.text.title) == (("es",), "Tarde abierta")


def test_what_is_said_of_cancelling_in_a_folder_stands_and_silence_changes_nothing(app: object) -> None:
    """Else an event cancelled by a command would come back with the next import."""
    event = saved("open-evening")
    events.cancel(event, "a test", "burst pipes")
    assert events.save(DRAFT, "a test") is False
    assert event.cancelled_at is not None
    assert events.save(replace(DRAFT, cancelled=False), "a test") is True
    assert event.cancelled_at is None


def test_every_slug_an_event_ever_had_leads_to_it(app: object) -> None:
    event = saved("open-evening")
    events.rename(event, "open-night", "a test")
    events.rename(event, "open-house", "a test")
    for slug in ("open-evening", "open-night", "open-house"):
        found = events.read(slug, "en", NOW)
        assert found is not None
        assert (found.id, found.slug) == (event.id, "open-house")
    events.rename(event, "open-evening", "a test")
    assert event.slug == "open-evening"
    assert journal()[1:] == [
        ("event renamed", "open-evening → open-night"), ("event renamed", "open-night → open-house"),
        ("event renamed", "open-house → open-evening"),
    ]  # fmt: skip


def test_a_slug_is_never_used_again_by_another_event(app: object) -> None:
    event, other = saved("one"), saved("two")
    events.rename(event, "three", "a test")
    for slug in ("one", "three", "two", "past", "tell-me", "Ünï", "", "a/b", "a" * 81):
        with pytest.raises(SlugRefused):
            events.rename(other, slug, "a test")
    for slug in ("one", "past", "tell-me", "a b"):
        with pytest.raises(SlugRefused):
            events.save(replace(DRAFT, slug=slug), "a test")


# Folders

OWN = {"title": "Open evening", "standfirst": "Come and ask.", "place": "Dock Hall"}
SHARED = {"starts": "2030-07-01T19:00", "time_zone": "Europe/Madrid", "date": "2030-06-01"}
Written = Callable[..., Path]


@pytest.fixture
def written(app: object, tmp_path: Path) -> Written:
    """Writes a folder: its keys in English, other ones in Spanish."""

    def write(keys: dict[str, str], spanish: dict[str, str] | None = None, slug: str = "open-evening") -> Path:
        folder = tmp_path / slug
        folder.mkdir(exist_ok=True)
        for language, given in (("en", keys), ("es", spanish)):
            if given:
                front = "".join(f"{key}: {value}\n" for key, value in given.items())
                (folder / f"{language}.md").write_text(f"---\n{front}---\nBring *soup*.\n")
        return folder

    return write


def refused(folder: Path) -> str:
    with pytest.raises(FolderRefused) as caught:
        folders.event(folder, NOW)
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


def test_a_folder_becomes_a_draft(written: Written, cast: Cast) -> None:
    campaign = cast.campaign()
    topic = Topic(slug="harbour", first_language="en", created_at=NOW)
    db.session.add(topic)
    db.session.flush()
    db.session.add(TopicSlug(slug="harbour", topic_id=topic.id))
    more = {"ends": "2030-07-01T21:30", "online": "https://meet.example/a?b=c#d", "topic": "harbour",
            "campaign": "canteen", "cancelled": "yes"}  # fmt: skip
    spanish = {"title": "Tarde abierta", "standfirst": "Ven.", "place": "Sala del Muelle"}
    assert folders.event(written(OWN | SHARED | more, spanish), NOW) == Draft(
        slug="open-evening",
        first_language="en",
        texts={
            "en": Text("Open evening", "Come and ask.", "Dock Hall", "Bring *soup*."),
            "es": Text("Tarde abierta", "Ven.", "Sala del Muelle", "Bring *soup*."),
        },
        time_zone="Europe/Madrid",
        starts_at=moment("2030-07-01T17:00"),
        ends_at=moment("2030-07-01T19:30"),
        online="https://meet.example/a?b=c#d",
        topic_id=topic.id,
        campaign_id=campaign.id,
        published_at=moment("2030-05-31T22:00"),
        cancelled=True,
    )


def test_what_is_not_said_is_left_open(written: Written) -> None:
    keys = OWN | SHARED
    del keys["date"]
    draft = folders.event(written(keys), NOW)
    assert (draft.ends_at, draft.online, draft.published_at, draft.cancelled) == (None, "", None, None)


@pytest.mark.parametrize(
    ("starts", "at"),
    [
        ("2030-07-01 19:00:30", "2030-07-01T17:00:30"),
        ("+9T19:00", "2030-06-24T17:00"),
        ("0T09:30", "2030-06-15T07:30"),
        ("-3T19:00", "2030-06-12T17:00"),
        # Past the end of summer time, and in the hour that comes twice: the first one is meant.
        ("+140T19:00", "2030-11-02T18:00"),
        ("2030-10-27T02:30", "2030-10-27T00:30"),
    ],
)
def test_a_time_is_local_or_so_many_days_from_loading(written: Written, starts: str, at: str) -> None:
    assert folders.event(written(OWN | SHARED | {"starts": starts}), NOW).starts_at == moment(at)


def test_days_are_counted_where_the_meeting_is(written: Written) -> None:
    folder = written(OWN | SHARED | {"starts": "+1T09:00", "time_zone": "Pacific/Auckland"})
    # Already the sixteenth there.
    assert folders.event(folder, NOW).starts_at == moment("2030-06-16T21:00")


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"starts": ""}, "“starts” is missing"),
        ({"starts": "2030-07-01"}, "“starts” must have a time"),
        ({"starts": "+9"}, "“starts” must have a time"),
        ({"starts": "today 19:00"}, "“starts” must be a date"),
        ({"starts": "+9T25:00"}, "“starts” must be a date"),
        ({"starts": "2030-07-01T19:00+02:00"}, "“starts” must be a local time"),
        # The clocks of Madrid go forward on 31 March 2030 at 2.
        ({"starts": "2030-03-31T02:30"}, "“starts” names a time that the clocks of Europe/Madrid skip"),
        ({"starts": "2030-03-30T02:30", "ends": "2030-03-31T02:59"}, "“ends” names a time that the clocks"),
        ({"ends": "2030-07-01T19:00"}, "“ends” must come after “starts”"),
        ({"ends": "2031-08-01T19:00"}, "“ends” must come within 366 days"),
        ({"time_zone": "Madrid"}, "“time_zone” must name a time zone"),
        ({"place": ""}, "“place” is missing"),
        ({"cancelled": "perhaps"}, "“cancelled”"),
        ({"cancelled": "no!"}, "“cancelled” must say “yes” or “no”"),
        ({"topic": "nothing"}, "“topic” names “nothing”"),
        ({"campaign": "nothing"}, "“campaign” names “nothing”"),
        ({"title": ""}, "“title” is missing"),
        ({"room": "4"}, "“room” is not known"),
    ],
)
def test_a_folder_that_makes_no_sense_is_refused_in_one_sentence(
    written: Written, keys: dict[str, str], named: str
) -> None:
    assert named in refused(written(OWN | SHARED | keys))


def test_a_meeting_without_a_time_zone_is_refused_rather_than_held_at_the_wrong_hour(written: Written) -> None:
    keys = OWN | SHARED
    del keys["time_zone"]
    assert "“time_zone” is missing" in refused(written(keys))


@pytest.mark.parametrize("slug", ["past", "tell-me"])
def test_a_folder_cannot_take_the_address_of_another_page(written: Written, slug: str) -> None:
    assert slug in refused(written(OWN | SHARED, slug=slug))


@pytest.mark.parametrize(
    "address",
    ["http://meet.example/a", "javascript:alert(1)", "meet.example", "https://", "https:///a", "https://@evil.example",
     "https://a@b.example", "https://meet.example\\@evil", "'https://meet.example/\"onclick'", "//meet.example"],
)  # fmt: skip
def test_a_meeting_online_has_an_https_address_alone(written: Written, address: str) -> None:
    assert "“online” must be an address that begins with https://" in refused(
        written(OWN | SHARED | {"online": address})
    )


def test_a_meeting_online_needs_no_place(written: Written) -> None:
    draft = folders.event(written(OWN | SHARED | {"place": "", "online": "https://meet.example"}), NOW)
    assert (draft.online, draft.texts["en"].place) == ("https://meet.example", "")
