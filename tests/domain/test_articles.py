"""Articles and topics: which are read where, what changes them, and the folders they come from."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from time_machine import travel

from petition import articles, folders, topics
from petition.articles import Article, Draft, Reading, Text
from petition.base import db
from petition.folders import FolderRefused
from petition.journal import Entry
from petition.pieces import SlugRefused
from tests.cast import Cast, moment

NOW = datetime(2030, 6, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ENGLISH = Text("The last bus", "It leaves at ten.", "Run *now*.")
SPANISH = Text("El último autobús", "Sale a las diez.", "Corre *ya*.")
DRAFT = Draft("last-bus", "en", {"en": ENGLISH, "es": SPANISH}, "Ana Ruiz", published_at=NOW - HOUR)
TOPIC = topics.Draft("harbour", "en", {"en": topics.Text("The harbour", "Who works there.")}, position=2)


def saved(slug: str, **changes: object) -> Article:
    articles.save(replace(DRAFT, slug=slug, **changes), "a test")
    found = articles.by_slug(slug)
    assert found is not None
    return found


def filed(slug: str, **changes: object) -> topics.Topic:
    topics.save(replace(TOPIC, slug=slug, **changes), "a test")
    found = topics.by_slug(slug)
    assert found is not None
    return found


def read(slug: str, language: str = "en") -> Reading:
    found = articles.read(slug, language, NOW)
    assert found is not None
    return found


def slugs(found: list[Reading]) -> list[str]:
    return [one.slug for one in found]


def journal() -> list[tuple[str, str]]:
    return [(line.deed, line.reason) for line in db.session.scalars(select(Entry).order_by(Entry.id))]


def test_an_article_is_read_in_the_language_asked_for_or_in_its_first_one(app: object) -> None:
    saved("last-bus", first_language="es")
    for asked, language in (("en", "en"), ("es", "es"), ("ar", "es")):
        found = read("last-bus", asked)
        assert (found.text.language, found.text.text_language, found.languages) == (language, language, ("es", "en"))


def test_the_text_below_a_standfirst_may_be_in_another_language(app: object) -> None:
    saved("last-bus", texts={"en": replace(ENGLISH, source="اركض", text_language="ar"), "es": SPANISH})
    assert [read("last-bus", code).text.text_language for code in ("en", "es")] == ["ar", "es"]


@pytest.mark.parametrize(("published_at", "is_public"), [(None, False), (NOW + HOUR, False), (NOW, True)])
def test_an_article_is_public_from_its_date_on(app: object, published_at: datetime | None, is_public: bool) -> None:
    article = saved("last-bus", published_at=published_at)
    old = saved("old", published_at=NOW - 9 * HOUR)
    assert (articles.read("last-bus", "en", NOW) is not None) is is_public
    lists = (articles.newest("en", NOW, 9), articles.of_topics([None], "en", NOW, 9))
    for found in (*lists, articles.related(read("old"), "en", NOW, 9)):
        assert ("last-bus" in slugs(found)) is is_public
    assert slugs(articles.newest("en", NOW, 9, before_id=article.id)) == (["old"] if is_public else [])
    assert articles.newest("en", NOW, 9, before_id=old.id) == []
    assert articles.newest("en", NOW, 9, before_id=2**60) == []


def test_articles_are_found_by_campaign_topic_and_kind(cast: Cast) -> None:
    campaign, topic = cast.campaign(), filed("harbour")
    saved("of-campaign", campaign_id=campaign.id)
    saved("update", campaign_id=campaign.id, is_update=True, topic_id=topic.id)
    saved("of-topic", topic_id=topic.id)
    saved("other")
    for wanted, found in (
        ({}, ["other", "of-topic", "update", "of-campaign"]),
        ({"campaign_id": campaign.id}, ["update", "of-campaign"]),
        ({"topic_id": topic.id}, ["of-topic", "update"]),
        ({"updates": False}, ["other", "of-topic", "of-campaign"]),
        ({"updates": True}, ["update"]),
        ({"topic_id": topic.id, "updates": False}, ["of-topic"]),
    ):
        assert slugs(articles.newest("en", NOW, 9, **wanted)) == found, wanted


def test_articles_are_read_page_by_page_and_none_is_lost_where_they_came_out_together(app: object) -> None:
    for number in range(7):
        saved(f"a{number}", published_at=NOW - (HOUR if number < 5 else 2 * HOUR))
    found: list[str] = []
    page = articles.newest("en", NOW, 2)
    while page:
        found += slugs(page)
        page = articles.newest("en", NOW, 2, before_id=page[-1].id)
    assert found == ["a4", "a3", "a2", "a1", "a0", "a6", "a5"]


def test_the_newest_of_each_topic_come_in_one_go(cast: Cast) -> None:
    campaign, ids = cast.campaign(), [filed("one").id, filed("two").id, filed("empty").id]
    for number in range(3):
        for topic_id in (ids[0], ids[1], None):
            saved(f"a{number}-{topic_id or 0}", topic_id=topic_id, published_at=NOW - number * HOUR)
    saved("update", topic_id=ids[0], campaign_id=campaign.id, is_update=True, published_at=NOW)
    found = articles.of_topics([*ids, None], "en", NOW, 2)
    by_topic = {key: slugs([one for one in found if one.topic_id == key]) for key in (*ids, None)}
    assert by_topic == {
        ids[0]: [f"a0-{ids[0]}", f"a1-{ids[0]}"], ids[1]: [f"a0-{ids[1]}", f"a1-{ids[1]}"], ids[2]: [],
        None: ["a0-0", "a1-0"],
    }  # fmt: skip
    assert articles.of_topics([], "en", NOW, 2) == []


def test_what_is_related_is_of_the_campaign_first_then_of_the_topic_then_new(cast: Cast) -> None:
    campaign, topic = cast.campaign(), filed("harbour")
    saved("this", campaign_id=campaign.id, topic_id=topic.id, published_at=NOW)
    saved("update", campaign_id=campaign.id, is_update=True, published_at=NOW - 9 * HOUR)
    saved("both", campaign_id=campaign.id, topic_id=topic.id, published_at=NOW - 8 * HOUR)
    saved("of-topic", topic_id=topic.id, published_at=NOW - 7 * HOUR)
    saved("newest", published_at=NOW)
    saved("elsewhere", campaign_id=cast.campaign("other").id, is_update=True, published_at=NOW)
    order = ["both", "update", "of-topic", "newest"]
    for most in range(1, 6):
        assert slugs(articles.related(read("this"), "en", NOW, most)) == order[:most]
    assert slugs(articles.related(read("newest"), "en", NOW, 9)) == ["this", "of-topic", "both"]


def test_saving_what_is_as_it_was_leaves_no_trace(app: object) -> None:
    with travel(NOW, tick=False) as clock:
        assert articles.save(DRAFT, "a test") is True
        assert topics.save(TOPIC, "a test") is True
        clock.shift(60)
        assert articles.save(DRAFT, "a test") is False
        assert topics.save(TOPIC, "a test") is False
        assert read("last-bus").changed_at == NOW
        assert journal() == [("article made", ""), ("topic made", "")]


@pytest.mark.parametrize(
    "change",
    [
        {"authors": ""}, {"published_at": None}, {"first_language": "es"}, {"texts": {"en": ENGLISH}},
        {"texts": {"en": ENGLISH, "es": replace(SPANISH, text_language="en")}},
        {"texts": {"en": ENGLISH, "es": SPANISH, "fr": SPANISH}}, {"is_update": True},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_real_change_is_dated_and_written_into_the_journal(app: object, change: dict[str, object]) -> None:
    with travel(NOW, tick=False) as clock:
        saved("last-bus")
        clock.shift(60)
        assert articles.save(replace(DRAFT, **change), "a test") is True
        article = articles.by_slug("last-bus")
        assert article is not None
        assert article.changed_at == NOW + timedelta(seconds=60)
        assert journal() == [("article made", ""), ("article edited", "")]
        assert articles.save(replace(DRAFT, **change), "a test") is False


def test_a_language_that_is_no_longer_given_is_gone(app: object) -> None:
    saved("last-bus")
    articles.save(replace(DRAFT, first_language="es", texts={"es": SPANISH}), "a test")
    assert (read("last-bus").languages, read("last-bus").text.title) == (("es",), "El último autobús")


def test_topics_stand_in_their_order_each_in_the_language_asked_for(app: object) -> None:
    spanish = topics.Text("El puerto", "Quiénes trabajan ahí.")
    filed("last", position=9)
    filed("first", position=1, texts={"es": spanish}, first_language="es")
    filed("second", position=1, texts={**TOPIC.texts, "es": spanish})
    assert [(one.slug, one.text.title, one.languages) for one in topics.all_public("en")] == [
        ("first", "El puerto", ("es",)), ("second", "The harbour", ("en", "es")), ("last", "The harbour", ("en",)),
    ]  # fmt: skip
    assert topics.save(replace(TOPIC, slug="last", position=0), "a test") is True
    assert [one.slug for one in topics.all_public("es")] == ["last", "first", "second"]
    assert topics.read("none", "en") is None


@pytest.mark.parametrize("kind", ["article", "topic"])
def test_every_slug_ever_had_leads_there_and_is_never_used_again(app: object, kind: str) -> None:
    subject, make = (articles, saved) if kind == "article" else (topics, filed)
    one, other = make("one"), make("two")
    for slug in ("three", "four", "one"):
        subject.rename(one, slug, "a test")
        for had in ("one", "three", slug):
            found = subject.by_slug(had)
            assert found is not None
            assert (found.id, found.slug) == (one.id, slug)
    assert journal()[2:] == [(f"{kind} renamed", said) for said in ("one → three", "three → four", "four → one")]
    for slug in ("one", "three", "two", "before", "Ünï", "", "a/b", "a" * 81):
        with pytest.raises(SlugRefused):
            subject.rename(other, slug, "a test")
    for slug in ("three", "before", "a b"):
        with pytest.raises(SlugRefused):
            make(slug)


# Folders

OWN = {"title": "The last bus", "standfirst": "It leaves at ten."}
Written = Callable[..., Path]


@pytest.fixture
def written(app: object, tmp_path: Path) -> Written:
    """Writes a folder: its keys in English, other ones in Spanish."""

    def write(
        keys: dict[str, str], spanish: dict[str, str] | None = None, slug: str = "last-bus", text: str = "Run *now*.\n"
    ) -> Path:
        folder = tmp_path / slug
        folder.mkdir(exist_ok=True)
        for language, given in (("en", keys), ("es", spanish)):
            if given:
                front = "".join(f"{key}: {value}\n" for key, value in given.items())
                (folder / f"{language}.md").write_text(f"---\n{front}---\n{text}")
        return folder

    return write


def refused(folder: Path) -> str:
    with pytest.raises(FolderRefused) as caught:
        folders.article(folder, NOW)
    said = str(caught.value)
    assert said.endswith(".")
    return said


def test_an_article_s_folder_becomes_a_draft(written: Written, cast: Cast) -> None:
    campaign, topic = cast.campaign(), filed("harbour")
    shared = {"date": "2030-06-01", "time_zone": "Europe/Madrid", "authors": "[Ana Ruiz, Tom]", "topic": "harbour",
              "campaign": "canteen", "update": "yes"}  # fmt: skip
    spanish = {"title": "El último autobús", "standfirst": "Sale a las diez.", "text_language": "en"}
    assert folders.article(written(OWN | shared, spanish), NOW) == Draft(
        slug="last-bus",
        first_language="en",
        texts={
            "en": Text("The last bus", "It leaves at ten.", "Run *now*."),
            "es": Text("El último autobús", "Sale a las diez.", "Run *now*.", "en"),
        },
        authors="Ana Ruiz, Tom",
        campaign_id=campaign.id,
        published_at=moment("2030-05-31T22:00"),
        time_zone="Europe/Madrid",
        topic_id=topic.id,
        is_update=True,
    )


def test_what_an_article_s_folder_does_not_say_is_left_open(written: Written) -> None:
    draft = folders.article(written(OWN | {"update": "no"}), NOW)
    assert (draft.published_at, draft.topic_id, draft.campaign_id, draft.is_update) == (None, None, None, False)


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"topic": "nothing"}, "“topic” names “nothing”, which is no topic of this site"),
        ({"update": "perhaps"}, "“update”"),
        ({"update": "yes"}, "“update” tells how a campaign goes on, and none is named"),
        ({"text_language": "English"}, "“text_language” must be a language"),
        ({"text_language": "xx"}, "“text_language” must be a language"),
    ],
)
def test_a_mistake_in_an_article_s_folder_is_named(written: Written, keys: dict[str, str], named: str) -> None:
    assert named in refused(written(OWN | {"date": "1"} | keys))


def test_a_place_for_a_form_needs_a_campaign(written: Written, cast: Cast) -> None:
    cast.campaign()
    said = refused(written(OWN | {"date": "1"}, text="Sign:\n[campaign]\n"))
    assert "“campaign” is missing, and “[campaign]” in the text stands for its form" in said
    assert folders.article(written(OWN | {"campaign": "canteen"}, text="Sign:\n[campaign]\n"), NOW).campaign_id


def test_a_folder_with_the_name_of_another_page_is_refused(written: Written) -> None:
    assert "“before” is the address of another page" in refused(written(OWN, slug="before"))


def test_a_topic_s_folder_becomes_a_draft_and_has_no_text(written: Written) -> None:
    topic = {"title": "The harbour", "standfirst": "Who works there."}
    folder = written(topic | {"position": "7"}, topic, slug="harbour", text="")
    words = topics.Text("The harbour", "Who works there.")
    assert folders.topic(folder) == topics.Draft("harbour", "en", {"en": words, "es": words}, 7)
    for keys, text, named in (
        ({"position": "-1"}, "", "“position” must be a whole number from 0 to 9999"),
        ({"position": "first"}, "", "“position” must be a whole number"),
        ({"position": "1"}, "A text.", "has a text below its front matter, which no page would show"),
        ({}, "", "Put position into its file alone"),
    ):
        with pytest.raises(FolderRefused) as caught:
            folders.topic(written(topic | keys, topic, slug="harbour", text=text))
        assert named in str(caught.value)
