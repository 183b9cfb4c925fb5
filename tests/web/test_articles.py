"""Articles, topics and the front page as their readers find them, and the form that stands in an article."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from petition import articles, register, running, topics
from petition.articles import Text
from petition.base import db
from tests.cast import Browser, Cast, form_token

PLACED = Text("At the gate", "They stood there.", "All night.\n\n[campaign]\n\nUntil dawn.\n\n[campaign]\n")
ARABIC = Text("A letter from the ship", "Eleven months without pay.", "نحن هنا *منذ* أحد عشر شهرا.", "ar")
FORM = '<form class="sheet" method="post"'


def words(page: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))).strip()


def in_order(page: str, *said: str) -> bool:
    """Whether a page says these things below its masthead, one after another."""
    page = page.partition("<main")[2] or page
    at = [page.find(one) for one in said]
    return -1 not in at and at == sorted(at)


def get(cast: Cast, path: str) -> str:
    answer = cast.browser().get(path)
    assert answer.status_code == 200, path
    return answer.text


# One article


def test_an_article_says_who_wrote_it_when_and_what_about(cast: Cast) -> None:
    topic = cast.topic()
    cast.article(topic_id=topic.id, authors="Ana Ruiz, Bo Lind")
    page = get(cast, "/en/articles/at-the-gate")
    assert in_order(
        words(page), "The harbour", "At the gate", "They stood there.", "By Ana Ruiz, Bo Lind", "All night ."
    )
    assert '<a href="/en/topics/harbour">The harbour</a>' in page
    assert '<li lang="es"><a href="/es/articles/at-the-gate" hreflang="es">Español</a></li>' in page
    spanish = get(cast, "/es/articles/at-the-gate")
    assert in_order(words(spanish), "El puerto", "A la puerta", "Ahí estaban.", "Toda la noche .")


def test_a_text_in_another_language_than_its_standfirst_is_marked_named_and_led_to(cast: Cast) -> None:
    cast.article(texts={"en": ARABIC, "es": Text("Una carta", "Once meses.", ARABIC.source, "ar")})
    for language, said in (
        ("en", "The text below is in Arabic, as it was written."),
        ("es", "El texto que sigue está en árabe, tal como se escribió."),
    ):
        page = get(cast, f"/{language}/articles/at-the-gate")
        assert said in words(page)
        assert in_order(page, '<p class="stand">', '<a href="#text">', '<div id="text">')
        assert '<div class="text" lang="ar" dir="rtl"><p>نحن' in page
        assert "does not exist in your language" not in page


def test_an_article_of_one_language_makes_no_fuss_about_it(cast: Cast) -> None:
    cast.article()
    page = get(cast, "/en/articles/at-the-gate")
    assert 'href="#text"' not in page
    assert '<div class="text"><p>All' in page


def test_an_article_is_there_in_the_languages_of_the_interface_and_its_own_alone(cast: Cast) -> None:
    cast.article(texts={"ar": Text("رسالة", "من السفينة.", "نحن هنا.")}, first_language="ar")
    page = get(cast, "/ar/articles/at-the-gate")
    assert '<html lang="en" dir="rtl">' in page
    assert '<link rel="canonical" href="http://localhost/ar/articles/at-the-gate">' in page
    foreign = get(cast, "/en/articles/at-the-gate")
    assert "does not exist in your language" in foreign
    assert "<h1>رسالة</h1>" in foreign.replace(' lang="ar" dir="rtl"', "")
    for path in ("/fr/articles/at-the-gate", "/fr/articles/", "/fr/topics/harbour", "/en/articles/none"):
        assert cast.browser().get(path).status_code == 404, path


def test_old_addresses_of_articles_and_topics_lead_to_the_new_ones_for_good(cast: Cast) -> None:
    topic = cast.topic()
    first = [cast.article(slug, topic_id=topic.id) for slug in ("one", "two")][1]
    last = first.id
    articles.rename(first, "second", "a test")
    topics.rename(topic, "docks", "a test")
    db.session.commit()
    for old, new in (
        ("/es/articles/two", "/es/articles/second"),
        ("/es/topics/harbour", "/es/topics/docks"),
        (f"/es/topics/harbour/before/{last}", f"/es/topics/docks/before/{last}"),
    ):
        answer = cast.browser().get(old)
        assert (answer.status_code, answer.location) == (301, new)
        assert cast.browser().get(new).status_code == 200


def test_an_article_leads_on_to_what_is_related_and_never_to_itself(cast: Cast) -> None:
    topic = cast.topic()
    cast.article("this", topic_id=topic.id)
    cast.article("same-topic", topic_id=topic.id, published_at=db.now() - timedelta(days=9))
    cast.article("newer")
    page = get(cast, "/en/articles/this").partition("Read on")[2]
    assert in_order(page, "/en/articles/same-topic", "/en/articles/newer")
    assert 'href="/en/articles/this"' not in page


# The form in an article


def test_the_form_stands_where_the_editor_put_it_once_and_a_card_at_the_end(cast: Cast) -> None:
    reading = cast.campaign()
    cast.article(campaign_id=reading.id, texts={"en": PLACED})
    page = get(cast, "/en/articles/at-the-gate")
    assert in_order(page, "All night.", FORM, "Until dawn.", "The campaign of this article", "Pass it on")
    assert page.count(FORM) == 1
    # The card leads to the campaign's page, whose form keeps what brought its signer.
    assert 'class="button" href="/en/campaigns/canteen?source=articles/at-the-gate"' in page
    assert "[campaign]" not in page
    assert '<hr class="campaign">' not in page
    assert 'action="/en/campaigns/canteen?source=articles/at-the-gate"' in page
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert form_token(page) == form_token(get(cast, "/en/campaigns/canteen"))


def test_an_article_of_a_campaign_ends_with_its_form_where_the_text_has_none(cast: Cast) -> None:
    reading = cast.campaign()
    cast.article(campaign_id=reading.id)
    page = get(cast, "/en/articles/at-the-gate")
    assert in_order(page, "<em>night</em>", "Take the canteen workers back", "the Port Authority", FORM, "Pass it on")
    assert page.count(FORM) == 1
    assert "The campaign of this article" not in page
    assert "What else you can do" not in page


def test_who_signs_in_an_article_is_counted_as_brought_by_it(cast: Cast) -> None:
    reading = cast.campaign()
    cast.article("a" * 80, campaign_id=reading.id)
    client = cast.browser()
    page = client.get("/es/articles/" + "a" * 80).text
    (action,) = re.findall(r'<form class="sheet" method="post" action="([^"]+)"', page)
    typed = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": form_token(page)}
    refused = client.post(action, data=typed | {"country": ""})
    assert refused.status_code == 422
    # The form there has no action: it goes to the same address, and so keeps its source.
    assert FORM + " novalidate" in refused.text
    assert client.post(action, data=typed | {"token": form_token(refused.text)}).status_code == 303
    (letter,) = cast.deliver()
    assert letter.language == "es"
    cast.press(letter)
    cast.number()
    assert register.breakdown(reading.id, "source") == {"articles/" + "a" * 80: 1}


@pytest.mark.parametrize("phase", ["soon", "paused", "closed"])
def test_an_article_whose_campaign_cannot_be_signed_shows_its_card_and_what_else_can_be_done(
    cast: Cast, phase: str
) -> None:
    reading = cast.campaign(opens_at=db.now() + timedelta(days=1) if phase == "soon" else None)
    if phase == "paused":
        running.pause(cast.row(), "a test")
    if phase == "closed":
        running.close(cast.row(), "a test")
    db.session.commit()
    cast.article(campaign_id=reading.id, texts={"en": PLACED})
    page = get(cast, "/en/articles/at-the-gate")
    assert in_order(page, "All night.", "The campaign of this article", "Until dawn.", "What else you can do")
    assert page.count("The campaign of this article") == 1
    assert "<form" not in page


def test_a_campaign_that_is_not_public_leaves_no_trace_in_its_article(cast: Cast) -> None:
    reading = cast.campaign()
    cast.article(campaign_id=reading.id, texts={"en": PLACED})
    running.withdraw(cast.row(), "a test")
    db.session.commit()
    page = get(cast, "/en/articles/at-the-gate")
    assert "canteen" not in page
    assert in_order(page, "All night.", "Until dawn.", "What else you can do")
    assert "<hr" not in page


def test_the_form_is_in_the_reader_s_language_as_far_as_its_campaign_has_it(cast: Cast) -> None:
    arabic = Text("رسالة", "من السفينة.", "نحن هنا.")
    cast.article(campaign_id=cast.campaign().id, texts={"ar": arabic}, first_language="ar")
    for language, campaign in (("ar", "/en/campaigns/canteen"), ("es", "/es/campaigns/canteen")):
        page = get(cast, f"/{language}/articles/at-the-gate")
        assert f'action="{campaign}?source=articles/at-the-gate"' in page
        assert cast.browser().get(campaign).status_code == 200


# What else one can do


def test_an_article_without_a_campaign_says_what_to_sign_where_to_meet_and_how_to_take_part(cast: Cast) -> None:
    cast.campaign()
    cast.event()
    cast.event("burst-pipes", cancelled=True)
    cast.article()
    page = get(cast, "/en/articles/at-the-gate")
    assert "burst-pipes" not in page
    assert in_order(
        page, "A campaign to sign now", 'href="/en/campaigns/canteen?source=articles/at-the-gate"', "Pass it on",
        "source%3Dshare-whatsapp",
        "Where to meet", "/en/events/open-evening", 'href="/en/join"', 'href="/en/events/tell-me"',
    )  # fmt: skip
    assert "Give money" not in page
    assert "share.js" in page


def test_where_nothing_is_to_sign_and_no_meeting_is_ahead_that_is_said_kindly(make_app: Callable[..., Flask]) -> None:
    app = make_app(give_url="https://give.example/")
    with app.app_context():
        cast = Cast(app)
        cast.article()
        page = get(cast, "/en/articles/at-the-gate")
        assert "A campaign to sign now" not in page
        assert in_order(page, "No events found", "Tell me when there is one", "Join us", 'href="https://give.example/"')
        assert page.count('href="/en/events/tell-me"') == 1, "not offered twice"


# Lists


def written(cast: Cast, count: int, **changes: object) -> list[int]:
    """Many articles, the newest first; their ids."""
    now = db.now()
    return [
        cast.article(f"a{number}", published_at=now - timedelta(hours=number + 1), **changes).id
        for number in range(count)
    ]


@pytest.mark.parametrize("path", ["/en/articles/", "/en/topics/harbour"])
def test_older_articles_follow_page_by_page_until_there_are_none(cast: Cast, path: str) -> None:
    ids = written(cast, 45, topic_id=cast.topic().id)
    seen: list[str] = []
    client, here = cast.browser(), path
    while here:
        page = client.get(here).text
        seen += re.findall(r'<h[23]><a href="/en/articles/([^"]+)"', page)
        (here,) = re.findall(r'rel="next" href="([^"]+)"', page) or [""]
    assert seen == [f"a{number}" for number in range(45)]
    before = path.rstrip("/") + "/before/"
    for gone in (ids[-1], 2**39, 10**13):
        assert client.get(f"{before}{gone}").status_code == 404
    older = client.get(before + str(ids[19])).text
    assert f'<a href="{path}">The newest ones</a>' in older
    assert f'<link rel="canonical" href="http://localhost{before}{ids[19]}">' in older
    assert "No events found" not in older


def test_updates_stand_with_their_campaign_and_not_among_the_news(cast: Cast) -> None:
    reading, topic = cast.campaign(), cast.topic()
    cast.article("update", campaign_id=reading.id, is_update=True, topic_id=topic.id)
    cast.article("news", topic_id=topic.id)
    for path in ("/en/", "/en/articles/", "/en/topics/harbour"):
        page = get(cast, path)
        assert "/en/articles/news" in page
        assert "/en/articles/update" not in page
    cast.article("background", campaign_id=reading.id)
    page = get(cast, "/en/campaigns/canteen")
    assert in_order(page, "How it goes on", "/articles/update", "Articles on this campaign", "/articles/background")
    assert page.count("/en/articles/update") == 1
    assert FORM in get(cast, "/en/articles/update")


def test_a_topic_shows_its_campaigns_articles_and_events_and_no_others(cast: Cast) -> None:
    topic = cast.topic()
    cast.article("ours", topic_id=topic.id, campaign_id=cast.campaign().id)
    cast.article("theirs", campaign_id=cast.campaign("other").id)
    cast.event("our-evening", topic_id=topic.id, campaign_id=cast.campaign("third").id)
    cast.event("their-evening")
    page = get(cast, "/en/topics/harbour")
    assert in_order(words(page), "The harbour", "Who works there", "Campaigns", "Articles", "Events")
    for ours in ("/campaigns/canteen", "/campaigns/third", "/articles/ours", "/events/our-evening"):
        assert f'href="/en{ours}"' in page
    for theirs in ("/campaigns/other", "/articles/theirs", "/events/their-evening"):
        assert f'href="/en{theirs}"' not in page
    spanish = get(cast, "/es/topics/harbour")
    assert "Quiénes trabajan ahí" in spanish
    assert 'hreflang="en" href="http://localhost/en/topics/harbour"' in spanish


def test_an_empty_topic_and_a_site_without_articles_say_so_kindly(cast: Cast) -> None:
    cast.topic()
    page = words(get(cast, "/en/topics/harbour"))
    assert in_order(page, "Nothing has been written on this yet", "No events found", "Tell me when there is one")
    assert "Campaigns" not in page
    assert "No article has been written yet" in words(get(cast, "/en/articles/"))
    assert 'href="/en/topics/harbour"' in get(cast, "/en/articles/")


def test_a_topic_is_there_in_the_languages_of_the_interface_and_its_own_alone(cast: Cast) -> None:
    cast.topic(texts={"ar": topics.Text("الميناء", "من يعمل هناك.")}, first_language="ar")
    assert '<html lang="en" dir="rtl">' in get(cast, "/ar/topics/harbour")
    assert "does not exist in your language" in get(cast, "/en/topics/harbour")
    assert cast.browser().get("/fr/topics/harbour").status_code == 404
    assert cast.browser().get("/en/topics/none").status_code == 404


# The front page


def test_the_front_page_goes_from_the_campaign_to_the_news_by_topic_to_meeting_and_joining(cast: Cast) -> None:
    cast.campaign()
    late, early = cast.topic("late", position=2), cast.topic("early", position=1)
    cast.topic("empty", position=0)
    cast.article("filed-late", topic_id=late.id)
    cast.article("filed-early", topic_id=early.id)
    cast.article("unfiled")
    cast.event()
    page = get(cast, "/en/").partition("<main")[2]
    assert in_order(
        page, "/en/campaigns/canteen", '<a href="/en/topics/early">', "/en/articles/filed-early", "They stood there.",
        '<a href="/en/topics/late">', "/en/articles/filed-late", "From our pages", "/en/articles/unfiled",
        "/en/events/open-evening", "/en/join", "/en/events/tell-me",
    )  # fmt: skip
    assert "/en/topics/empty" not in page


def test_the_front_page_of_a_new_site_is_kind_as_well(cast: Cast) -> None:
    page = words(get(cast, "/en/"))
    assert in_order(page, "No campaign is open right now.", "No events found", "Tell me when there is one", "Join us")


@pytest.mark.parametrize("path", ["/en/", "/en/articles/", "/en/join", "/en/nothing"])
def test_every_page_leads_to_articles_events_and_joining(cast: Cast, path: str) -> None:
    masthead = cast.browser().get(path).text.partition("<main")[0]
    for there in ("/en/articles/", "/en/events/", "/en/join"):
        assert f'href="{there}"' in masthead


def statements(client: Browser, path: str) -> list[str]:
    """What is asked of the database for a page, beginnings of transactions left out."""
    seen: list[str] = []

    def note(*said: object) -> None:
        seen.append(str(said[2]))

    engine = db.database().engine
    event.listen(engine, "before_cursor_execute", note)
    assert client.get(path).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    return [one for one in seen if not one.startswith(("SET", "BEGIN", "PRAGMA", "SHOW"))]


def test_a_page_asks_no_more_of_the_database_where_there_is_more_to_show(cast: Cast) -> None:
    """No query for each row of a list."""

    def fill(first: int, last: int) -> None:
        for number in range(first, last):
            topic_id, campaign_id = cast.topic(f"t{number}").id, cast.campaign(f"c{number}").id
            for each in range(3):
                cast.article(f"a{number}-{each}", topic_id=topic_id, campaign_id=campaign_id)
            cast.event(f"e{number}", topic_id=topic_id, campaign_id=campaign_id)

    fill(0, 1)
    cast.article("alone")
    client = cast.browser()
    limits = {"/en/": 12, "/en/articles/": 5, "/en/topics/t0": 12, "/en/articles/a0-0": 15, "/en/articles/alone": 15}
    before = {path: len(statements(client, path)) for path in limits}
    fill(1, 4)
    for path, most in limits.items():
        after = len(statements(client, path))
        assert after <= before[path], path
        assert after <= most, path
