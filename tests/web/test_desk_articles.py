"""Writing articles at the desk: drafts, languages, previews, schedules, two editors at once, the trash and back."""

import html
import re
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from petition import articles, pictures, retention, teams
from petition.articles import Article, ArticleText
from petition.base import db, images, markdown
from petition.journal import Entry
from petition.pictures import Picture
from tests.cast import Cast
from tests.domain.test_images import picture
from tests.organisers import Desk

#: Days are typed here, and each must be one to come.
pytestmark = pytest.mark.usefixtures("summer_of_2030")

NEW = "/desk/articles/new"
WRITTEN = {
    "languages": "en", "en-title": "The canteen is open again", "en-standfirst": "All forty are back.",
    "en-source": "They *danced*.\n\n[campaign]\n\nThen they worked.", "authors": "Ana Pérez, Ben Okri",
    "state": "now", "time_zone": "Europe/Madrid",
}  # fmt: skip


def form_of(page: str) -> dict[str, str]:
    """What a browser would send of a page's longest form, as it stands."""
    whole = max(re.findall(r"<form.*?</form>", page, re.S), key=len)
    found: dict[str, str] = {}
    for tag in re.finditer(r"<input[^>]*>|<textarea.*?</textarea>|<select.*?</select>", whole, re.S):
        piece = tag.group()
        name = re.search(r' name="([^"]*)"', piece)
        if name is None or (('type="radio"' in piece or 'type="checkbox"' in piece) and " checked" not in piece):
            continue
        if piece.startswith("<textarea"):
            value = re.sub(r"^<textarea.*?>\n", "", piece, flags=re.S).removesuffix("</textarea>")
        elif piece.startswith("<select"):
            chosen = re.search(r'<option value="([^"]*)" selected', piece)
            value = chosen.group(1) if chosen else re.search(r'<option value="([^"]*)"', piece)[1]  # type: ignore[index]
        else:
            said = re.search(r' value="([^"]*)"', piece)
            value = said.group(1) if said else ""
        found[name.group(1)] = html.unescape(value)
    return {name: value for name, value in found.items() if name != "picture"}


def written(desk: Desk, path: str, **typed: str) -> TestResponse:
    """Open the form, change some of its fields, send it."""
    return desk.client.post(path, data=form_of(desk.get(path).text) | typed)


def made(desk: Desk, **typed: str) -> str:
    """Write a new article; the path of its form."""
    answer = desk.send(NEW, **(WRITTEN | typed))
    assert answer.status_code == 303, answer.text
    return str(answer.location).partition("?")[0]


def stored() -> Article:
    """The only article."""
    db.session.remove()
    return db.session.scalars(select(Article)).one()


def test_an_editor_writes_an_article_and_it_is_public_with_its_campaign(app: Flask, cast: Cast) -> None:
    cast.campaign()
    cast.topic()
    desk = cast.organiser(teams.SITE_EDITOR)
    assert "Nothing is written yet" in desk.get("/desk/articles").text
    path = made(desk, topic="harbour", campaign="canteen")
    found = stored()
    assert (found.slug, found.authors, found.time_zone) == (
        "the-canteen-is-open-again",
        "Ana Pérez, Ben Okri",
        "Europe/Madrid",
    )
    page = cast.browser().get("/en/articles/the-canteen-is-open-again").text
    assert "They <em>danced</em>" in page
    assert page.index("danced") < page.index('id="sign"') < page.index("Then they worked")
    assert "Public" in desk.get("/desk/articles").text
    # What is as it was leaves no trace.
    assert written(desk, path).location.endswith("?done=same")
    deeds = db.session.scalars(select(Entry.deed).where(Entry.deed.startswith("article"))).all()
    assert deeds == ["article made"]


def test_a_draft_may_lack_everything_but_its_title_and_nobody_sees_it(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.SITE_EDITOR)
    assert desk.send(NEW, languages="en", state="draft").status_code == 422
    path = made(desk, state="draft", **{"en-standfirst": "", "en-source": ""})
    assert cast.browser().get("/en/articles/the-canteen-is-open-again").status_code == 404
    assert "Draft" in desk.get("/desk/articles").text
    answer = written(desk, path, state="now")
    assert answer.status_code == 422
    assert "Write the text" in answer.text
    assert "Say in two sentences" in answer.text


def test_scheduling_takes_a_moment_with_its_zone_and_says_it_in_words(app: Flask, cast: Cast) -> None:
    """S43: an hour that clocks skip is refused; one that comes twice is the first."""
    desk = cast.organiser(teams.SITE_EDITOR)
    skipped = WRITTEN | {"state": "at", "at": "2031-03-30T02:30", "en-source": "x"}
    assert desk.send(NEW, **skipped).status_code == 422
    assert desk.send(NEW, **(skipped | {"at": ""})).status_code == 422
    assert desk.send(NEW, **(skipped | {"time_zone": "Europe/Atlantis"})).status_code == 422
    path = made(desk, state="at", at="2031-10-26T02:30", **{"en-source": "x"})
    moment = stored().published_at
    assert moment is not None
    assert moment.isoformat() == "2031-10-26T00:30:00+00:00"
    page = desk.get(path).text
    assert "the first one is meant" in page
    assert 'value="2031-10-26T02:30"' in page
    assert "Scheduled" in desk.get("/desk/articles?state=scheduled").text
    assert cast.browser().get("/en/articles/the-canteen-is-open-again").status_code == 404


def test_what_a_folder_refuses_the_form_refuses_and_keeps_what_was_typed(app: Flask, cast: Cast) -> None:
    cast.campaign("hidden", publish=False)
    desk = cast.organiser(teams.SITE_EDITOR)
    refused = [
        {"en-source": "x" * (markdown.LONGEST + 1)}, {"en-source": "[campaign]"}, {"update": "y"},
        {"campaign": "hidden"}, {"topic": "none-such"}, {"slug": "before"}, {"slug": "No slug!"},
        {"authors": "www.example.org"}, {"en-text_language": "klingon"}, {"en-source": "![](/pictures/x.jpg)"},
        {"state": "maybe"}, {"en-title": "x" * 201},
    ]  # fmt: skip
    for one in refused:
        answer = desk.send(NEW, **(WRITTEN | {"en-source": "Kept words."} | one))
        assert answer.status_code == 422, one
        assert 'id="errors"' in answer.text
        assert "The canteen is open again" in answer.text or "en-title" in one
        assert "Kept words." in answer.text or "en-source" in one
    db.session.remove()
    assert db.session.scalars(select(Article)).all() == []


def test_languages_stand_side_by_side_and_say_when_they_may_be_out_of_date(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.SITE_EDITOR)
    path = made(desk, **{"en-source": "One."})
    answer = written(desk, path, then="add", add="es", **{"en-source": "Typed, not saved."})
    assert 'name="es-title"' in answer.text
    assert "Typed, not saved." in answer.text
    page = form_of(answer.text) | {"es-title": "El comedor abre", "es-standfirst": "Vuelven.", "es-source": "Uno."}
    assert desk.client.post(path, data=page).status_code == 303
    assert "Out of date?" not in desk.get(path).text
    assert written(desk, path, **{"en-source": "Two."}).status_code == 303
    assert "Out of date?" in desk.get(path).text
    assert "out of date?" in desk.get("/desk/articles").text
    assert written(desk, path, **{"es-checked": "y"}).status_code == 303
    assert "Out of date?" not in desk.get(path).text
    # Emptied, a language is gone; the first one cannot be.
    assert written(desk, path, **{"es-title": "", "es-standfirst": "", "es-source": ""}).status_code == 303
    assert list(articles.texts(stored().id)) == ["en"]
    assert written(desk, path, **{"en-title": ""}).status_code == 422


def test_the_preview_is_the_public_page_of_what_was_typed_and_hands_everything_back(app: Flask, cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.SITE_EDITOR, language="es")
    typed = WRITTEN | {"campaign": "canteen", "then": "preview-en"}
    answer = desk.send(NEW, **typed)
    assert answer.status_code == 200
    page = html.unescape(re.search(r'srcdoc="([^"]*)"', answer.text)[1])  # type: ignore[index]
    assert "They <em>danced</em>" in page
    assert "Take the canteen workers back" in page
    assert "By <bdi>Ana Pérez, Ben Okri</bdi>" in page
    db.session.remove()
    assert db.session.scalars(select(Article)).all() == []
    back = desk.client.post(NEW, data=form_of(answer.text) | {"then": "edit"}).text
    again = form_of(back)
    assert {name: again[name] for name in WRITTEN} == WRITTEN
    assert desk.client.post(NEW, data=again).status_code == 303
    # The page in the frame speaks its own language, the one around it the desk's.
    assert '<html lang="es"' in answer.text
    assert '<html lang="en"' in page


def test_the_pane_shows_sanitised_html_and_stores_nothing(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.SITE_EDITOR)
    answer = desk.send(
        "/desk/as-read", source="**bold** <script>alert(1)</script> [x](javascript:1)\n\n[campaign]", form="y"
    )
    assert "<strong>bold</strong>" in answer.text
    assert "<script" not in answer.text
    assert "javascript" not in re.sub(r">[^<]*<", "><", answer.text)
    assert markdown.FORM_PLACE in answer.text
    assert desk.send("/desk/as-read", source="x" * 30_000).status_code == 422


def test_the_second_of_two_editors_sees_both_texts_and_loses_nothing(app: Flask, cast: Cast) -> None:
    one = cast.organiser(teams.SITE_EDITOR)
    path = made(one, **{"en-source": "One."})
    two = cast.organiser(teams.SITE_EDITOR, name="Mia")
    opened = form_of(two.get(path).text)
    assert written(one, path, **{"en-source": "Olga wrote this.", "en-standfirst": "Olga's."}).status_code == 303
    answer = two.client.post(path, data=opened | {"en-source": "Mia wrote this.", "authors": "Mia"})
    assert answer.status_code == 409
    assert "Olga wrote this." in answer.text
    again = form_of(answer.text)
    assert (again["en-source"], again["en-standfirst"], again["authors"]) == ("Mia wrote this.", "Olga's.", "Mia")
    assert "Olga (account" in answer.text
    assert articles.texts(stored().id)["en"].source == "Olga wrote this."
    assert two.client.post(path, data=again).status_code == 303
    assert articles.texts(stored().id)["en"].source == "Mia wrote this."
    # A language that somebody else added meanwhile is not taken away again.
    opened = form_of(two.get(path).text)
    page = form_of(written(one, path, then="add", add="es").text)
    one.client.post(path, data=page | {"es-title": "Uno", "es-standfirst": "Dos", "es-source": "Tres"})
    answer = two.client.post(path, data=opened | {"authors": "Ana"})
    assert answer.status_code == 409
    assert two.client.post(path, data=form_of(answer.text)).status_code == 303
    assert sorted(articles.texts(stored().id)) == ["en", "es"]


def test_a_lost_session_keeps_what_was_typed(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.SITE_EDITOR)
    form = form_of(desk.get(NEW).text) | WRITTEN
    desk.client.post("/desk/sign-out", data={"csrf_token": form["csrf_token"]})
    answer = desk.client.post(NEW, data=form)
    assert answer.status_code in (400, 401)
    assert "They *danced*." in answer.text


def test_another_address_leads_from_the_old_one_and_a_taken_one_is_refused(app: Flask, cast: Cast) -> None:
    cast.article("taken")
    desk = cast.organiser(teams.SITE_EDITOR)
    path = made(desk, **{"en-source": "x"})
    assert desk.send(NEW, **(WRITTEN | {"en-source": "x", "slug": "taken"})).status_code == 422
    # The same title again gets another address.
    second = made(desk, **{"en-source": "x"})
    assert 'value="the-canteen-is-open-again-2"' in desk.get(second).text
    assert written(desk, path, slug="taken").status_code == 422
    assert written(desk, path, slug="open-again").status_code == 303
    answer = cast.browser().get("/en/articles/the-canteen-is-open-again")
    assert (answer.status_code, answer.location) == (301, "/en/articles/open-again")


def test_a_picture_is_taken_with_words_and_stands_in_the_text(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.SITE_EDITOR)
    form = form_of(desk.get(NEW).text) | WRITTEN | {"then": "picture", "into": "en", "en-source": "Look."}
    file = lambda: (picture(), "gate.jpg")  # noqa: E731
    for wrong in ({"alt": ""}, {"alt": "A gate", "picture": None}, {"alt": "A gate", "picture": (b"no", "x.jpg")}):
        sent = {"picture": wrong.get("picture", file())}
        sent = {} if sent["picture"] is None else {"picture": _upload(*sent["picture"])}
        answer = desk.client.post(NEW, data=form | {"alt": wrong["alt"]} | sent, content_type="multipart/form-data")
        assert answer.status_code == 422
        assert "Look." in answer.text
    answer = desk.client.post(
        NEW, data=form | {"alt": "A closed [gate]", "picture": _upload(*file())}, content_type="multipart/form-data"
    )
    assert answer.status_code == 200
    source = form_of(answer.text)["en-source"]
    db.session.remove()
    name = db.session.scalars(select(Picture.name)).one()
    assert source.startswith("Look.\n\n![A closed \\[gate\\]](/pictures/" + name)
    assert name in desk.get(NEW).text


def _upload(data: bytes, name: str) -> object:
    return BytesIO(data), name


def test_what_is_in_the_trash_is_gone_everywhere_at_once_and_comes_back_whole(app: Flask, cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.SITE_EDITOR)
    path = made(desk, campaign="canteen", slug="back")
    public = ("/en/", "/en/articles/", "/en/feed.xml", "/sitemap-articles-0.xml", "/en/articles/back")
    reader = cast.browser()
    there = [one for one in public if "canteen is open again" in reader.get(one).text or "back" in reader.get(one).text]
    assert "/en/articles/back" in there
    assert len(there) >= 3
    assert desk.send(path + "/trash").status_code == 422
    assert desk.send(path + "/trash", reason="twice the same").location == "/desk/trash?done=thrown"
    for one in public:
        page = reader.get(one).text
        assert "canteen is open again" not in page
    assert reader.get("/en/articles/back").status_code == 404
    assert desk.get(path).status_code == 404
    assert "canteen is open again" not in desk.get("/desk/articles").text
    assert desk.send(NEW, **(WRITTEN | {"en-source": "x", "slug": "back"})).status_code == 422
    number = path.rpartition("/")[2]
    assert "canteen is open again" in desk.get("/desk/trash").text
    assert desk.send("/desk/trash/restore", kind="article", id=number).location.endswith("done=restored")
    assert reader.get("/en/articles/back").status_code == 200
    assert desk.send("/desk/trash/restore", kind="article", id=number).location.endswith("done=gone")
    deeds = [(one.deed, one.reason) for one in db.session.scalars(select(Entry).order_by(Entry.id))]
    assert deeds[-2:] == [("article trashed", "twice the same"), ("article restored", "")]


def test_who_saves_what_was_trashed_meanwhile_is_handed_everything_back(app: Flask, cast: Cast) -> None:
    one, two = (cast.organiser(teams.SITE_EDITOR, name=name) for name in ("Olga", "Mia"))
    path = made(one, **{"en-source": "One."})
    opened = form_of(two.get(path).text) | {"en-source": "Mia wrote for an hour."}
    one.send(path + "/trash", reason="a mistake")
    answer = two.client.post(path, data=opened)
    assert answer.status_code == 409
    assert form_of(answer.text)["en-source"] == "Mia wrote for an hour."
    one.send("/desk/trash/restore", kind="article", id=path.rpartition("/")[2])
    assert two.client.post(path, data=form_of(answer.text)).status_code == 303


def test_cards_say_which_language_an_article_is_in_where_it_is_another(app: Flask, cast: Cast) -> None:
    topic = cast.topic().id
    cast.article("both", topic_id=topic)
    cast.article("one", topic_id=topic, texts={"en": articles.Text("Only English", "x", "x")})
    for path in ("/es/", "/es/topics/harbour"):
        assert cast.browser().get(path).text.count('<span lang="en" dir="ltr">English</span>') == 1
    assert 'ltr">English</span>' not in cast.browser().get("/en/").text


def test_after_thirty_days_the_trash_is_emptied_and_its_address_stays_taken(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.SITE_EDITOR)
    shown = pictures.add(images.scaled(picture()), "a test").path
    db.session.commit()
    path = made(desk, slug="gone", **{"en-source": f"Words to forget.\n\n![A gate]({shown})"})
    desk.send(path + "/trash", reason="old")
    at = db.now()
    # Its picture goes once it has not been used for as long again.
    for days, texts, shown_still in ((29, 1, 1), (31, 0, 1), (62, 0, 0)):
        for _step in retention.steps(at + timedelta(days=days)):
            db.session.commit()
        assert len(db.session.scalars(select(ArticleText)).all()) == texts
        assert len(db.session.scalars(select(Picture)).all()) == shown_still
        db.session.remove()
    row = stored()
    assert (row.authors, row.published_at) == ("", None)
    db.session.remove()
    # Sessions, too, are over by now.
    desk = cast.organiser(teams.SITE_EDITOR, name="Mia")
    assert desk.send(NEW, **(WRITTEN | {"en-source": "x", "slug": "gone"})).status_code == 422
    assert cast.browser().get("/en/articles/gone").status_code == 404


@pytest.mark.parametrize("query", ["", "?state=public&language=es&title=gate", "?state=draft", "?topic=harbour"])
def test_a_list_asks_the_same_of_the_database_however_long_it_is(app: Flask, cast: Cast, query: str) -> None:
    """Pages follow each other without a gap, and filters narrow them."""
    topic = cast.topic().id
    desk = cast.organiser(teams.SITE_EDITOR)

    def asked() -> int:
        seen: list[str] = []
        engine = db.database().engine
        note = lambda *said: seen.append(str(said[2]))  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        assert desk.get("/desk/articles" + query).status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        return len([one for one in seen if one.startswith("SELECT")])

    cast.article("a0", topic_id=topic)
    before = asked()
    for number in range(1, 60):
        cast.article(f"a{number}", topic_id=topic, published_at=None if number % 2 else db.now())
    assert asked() <= before + 1


def test_pages_of_a_list_follow_each_other_without_a_gap(app: Flask, cast: Cast) -> None:
    for number in range(120):
        articles.save(articles.Draft(f"a{number}", "en", {"en": articles.Text(f"Title {number}", "x", "x")}), "a test")
    db.session.commit()
    desk = cast.organiser(teams.SITE_EDITOR)
    path, titles = "/desk/articles", []
    while path:
        page = desk.get(path).text
        titles += re.findall(r">(Title \d+)<", page)
        more = re.search(r'rel="next" href="([^"]*)"', page)
        path = html.unescape(more.group(1)) if more else ""
    assert len(titles) == len(set(titles)) == 120
    assert re.findall(r">(Title \d+)<", desk.get("/desk/articles?title=title+11").text).__len__() == 11
    assert "No article is like that" in desk.get("/desk/articles?title=%25").text
