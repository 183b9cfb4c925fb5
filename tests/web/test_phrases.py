"""A campaign in a language that the interface does not speak: its own words from the form to the last letter."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

from flask import Flask

from petition import demo, phrases, share_pictures
from petition.base import db
from petition.drafts import Terms, Text
from tests.cast import Cast, link_in
from tests.web import asking

ARABIC = next(path for folder in demo.campaign_folders() for path in folder.glob("ar.po"))
TITLE = "أعيدوا العاملات إلى المطعم"
#: What is neither the interface's nor in Arabic: names of people, sites and languages, addresses, formats.
NAMES = re.compile(
    r"The Solidarity Post|Dockside Aid|\S+@[a-z.]+|https?://\S+|localhost\S*|English|Español|Gmail|JSON|A4|Website"
    r"|WhatsApp|Telegram|Mastodon|Facebook|\bX\b|canteen"
)
SHOWN = ("aria-label", "alt", "title", "placeholder", "data-say", "data-sending", "data-done", "label")


class Reader(HTMLParser):
    """All that somebody sees or hears of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.deaf = False
        self.feed(page.replace("<wbr>", ""))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.deaf = tag in ("style", "script")
        given = dict(attrs)
        self.said += [words for name in SHOWN if (words := given.get(name))]

    def handle_endtag(self, tag: str) -> None:
        self.deaf = False

    def handle_data(self, data: str) -> None:
        if not self.deaf:
            self.said.append(data)


def latin(page: str) -> list[str]:
    """What of a page or letter is not in Arabic."""
    said = " ".join(Reader(page).said) if page.lstrip().startswith("<") else page
    return re.findall(r"[A-Za-z]{2,}", NAMES.sub("", said))


def campaign(cast: Cast, said: phrases.Said | None = None, **changes: object) -> None:
    """The canteen's campaign in Arabic as well, with the demo's words or other ones."""
    words = phrases.from_po("ar", ARABIC.read_bytes()) if said is None else said
    texts = {
        "en": Text("Take them back", "the Port", "Forty.", "Take them back."),
        "ar": Text(TITLE, "سلطة الميناء", "فُصلت أربعون عاملة.", "أعيدوهنّ."),
    }
    terms = Terms(
        responsible="Dockside Aid", responsible_address="list@dockside.example",
        handed_to={"en": "the Port", "ar": "سلطة الميناء"}, fields=["name", "country"], months=6, ground="consent",
    )  # fmt: skip
    cast.campaign(texts=texts, terms=terms, phrases={"ar": words}, **changes)


def journey(cast: Cast) -> Iterator[str]:
    """Every page and letter of somebody who signs, corrects and withdraws, mistakes and second thoughts included."""
    client, base = cast.browser(), "/ar/campaigns/canteen"
    typed = {"language": "ar", "name": "سارة الحسن", "news": "y", "place": "القاهرة", "role": "طاهية",
             "organisation": "نقابة", "comment": "معهنّ.", "appear": "short", "with_role": "y"}  # fmt: skip
    for path in (base, f"{base}/privacy", f"{base}/poster"):
        yield client.get(path).text
    yield cast.sign(
        "nobody", **(typed | {"name": "", "country": "", "comment": "م" * 1001, "role": "https://x.example"})
    ).text
    for address in ("sara@gmial.com", "a" * 260 + "@example.org", "postmaster@localhost"):
        yield cast.sign(address, **(typed | {"country": ""})).text
    answer = cast.sign("sara@gmail.com", **typed)
    yield client.get(answer.location).text
    cast.sign("sara@gmail.com", **(typed | {"name": "ليلى"}))
    letters = cast.deliver()
    yield from (part for one in letters for part in (one.subject, one.text, one.html or ""))
    own = link_in(letters[0])
    root = own.partition("?")[0]
    yield client.get(own).text
    client.post(f"{root}/not-me")
    yield client.get(f"{root}?language=ar").text
    client.post(f"{root}/allow")
    yield client.get(f"{root}?done=allowed&language=ar").text
    letter = cast.signed("nour@example.org", **typed)
    yield client.get(link_in(letter)).text
    root = link_in(letter).partition("?")[0]
    yield client.post(f"{root}/correct", data={"name": "", "country": "EG"}).text
    client.post(f"{root}/correct", data={"name": "نور", "country": "EG", "appear": "full"})
    yield client.get(f"{root}?done=corrected").text
    cast.sign("nour@example.org", **typed)
    yield client.post(f"{root}/withdraw").text
    yield from (part for one in cast.deliver() for part in (one.subject, one.text, one.html or ""))


def test_the_whole_journey_is_in_the_campaigns_language(cast: Cast) -> None:
    """Issue 9: form, mistakes, consent, letters, own page. What this meets beyond the list turns up in English here."""
    campaign(cast)
    met = list(journey(cast))
    assert [latin(page) for page in met] == [[]] * len(met)
    pages = [page for page in met if page.startswith("<!doctype")]
    assert len(pages) > 15
    assert all('<html lang="ar" dir="rtl">' in page for page in pages)


def test_thanks_and_the_picture_to_share_speak_it_too(cast: Cast) -> None:
    campaign(cast)
    assert cast.sign("sara@example.org", language="ar").status_code == 303
    thanks = cast.press(cast.deliver()[0])
    assert "/ar/campaigns/canteen/thanks/" in thanks.location
    page = cast.browser().get(thanks.location).text
    assert latin(page) == []
    assert "شكرًا لك. احتُسب توقيعك." in page
    shown = share_pictures.facts(cast.reading(), "ar", 1)
    assert (shown.before, shown.figure, shown.after) == ("", "1", "شخص وقّع")


def test_letters_are_laid_out_from_right_to_left_and_dated_in_arabic(cast: Cast) -> None:
    campaign(cast)
    cast.sign("sara@example.org", language="ar")
    (letter,) = cast.deliver()
    assert (letter.subject, letter.language) == ("يُرجى تأكيد توقيعك", "ar")
    assert '<html lang="ar" dir="rtl">' in (letter.html or "")
    assert f"«{TITLE}»" in letter.text
    assert "تُسلَّم القائمة إلى: سلطة الميناء" in letter.text


def test_while_words_are_missing_the_interface_speaks_around_the_text(cast: Cast) -> None:
    """Half a form in one language and half in another is worse than one that is whole."""
    almost = phrases.from_po("ar", ARABIC.read_bytes())
    del almost["Your name"]
    campaign(cast, almost)
    page = cast.browser().get("/ar/campaigns/canteen").text
    assert '<html lang="en"' in page
    assert "Your name" in page
    assert "الاسم" not in page
    assert f'<h1 lang="ar" dir="rtl">{TITLE}</h1>' in page
    cast.sign("sara@example.org", language="ar")
    (letter,) = cast.deliver()
    assert letter.subject == "Please confirm your signature"


def test_other_languages_of_the_same_campaign_are_untouched(cast: Cast) -> None:
    campaign(cast)
    client = cast.browser()
    client.get("/ar/campaigns/canteen")
    assert "Your name" in client.get("/en/campaigns/canteen").text
    spanish = client.get("/es/campaigns/canteen").text
    assert '<html lang="es"' in spanish
    assert "Tu nombre" in spanish


def test_the_way_to_other_languages_stands_on_its_pages(cast: Cast) -> None:
    campaign(cast)
    switch = cast.browser().get("/ar/campaigns/canteen").text.partition("</header>")[0]
    assert '<li lang="ar"><span aria-current="true">العربية</span></li>' in switch
    assert '<a href="/en/campaigns/canteen" hreflang="en">English</a>' in switch
    cast.sign("sara@example.org", language="ar")
    own = link_in(cast.deliver()[0])
    page = cast.browser().get(own).text
    assert '<html lang="ar" dir="rtl">' in page
    english = cast.browser().get(own.partition("?")[0] + "?language=en").text
    assert '<html lang="en" dir="ltr">' in english
    assert '<a href="?language=ar" hreflang="ar">العربية</a>' in english


def test_what_is_said_elsewhere_stays_in_a_language_of_the_interface(cast: Cast) -> None:
    """Errors, sending again, news: their sentences are not on the list, so the page says whose language it speaks."""
    campaign(cast)
    client = cast.browser()
    again = client.post("/ar/campaigns/canteen", data={"name": "سارة", "token": "old"})
    assert again.status_code == 422
    others = (client.get(f"/ar/campaigns/canteen/{one}").text for one in ("link", "nothing"))
    for page in (again.text, *others):
        assert '<html lang="en"' in page
        assert "الخصوصية" not in page
    letter = asking.asked(cast, "news", path="/ar/campaigns/canteen/news")
    assert (letter.subject, letter.language) == ("Please confirm that you want news", "en")


def test_a_withdrawn_campaign_says_so_in_a_language_of_the_interface(cast: Cast) -> None:
    campaign(cast)
    cast.browser().get("/ar/campaigns/canteen")
    row = cast.row()
    row.withdrawn_at = db.now()
    db.session.commit()
    gone = cast.browser().get("/ar/campaigns/canteen")
    assert gone.status_code == 410
    assert "This campaign was withdrawn" in gone.text
    assert '<html lang="en"' in gone.text


def test_what_was_typed_in_as_words_is_text_on_a_page(cast: Cast) -> None:
    """An editor of texts is no author of pages."""
    hostile = '"><script>alert(1)</script><b onclick="x">&'
    said = phrases.from_po("ar", ARABIC.read_bytes()) | dict.fromkeys(
        ("Your name", "The appeal", "Type your name."), hostile
    )
    campaign(cast, said)
    client = cast.browser()
    for page in (client.get("/ar/campaigns/canteen").text, cast.sign("x", language="ar", name="").text):
        assert "<script>" not in page
        assert "<b onclick" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_a_page_is_kept_by_its_path_as_ever(make_app: Callable[..., Flask]) -> None:
    app = make_app(page_cache=5.0)
    with app.app_context():
        cast = Cast(app)
        campaign(cast)
        client = cast.browser()
        first, again = (client.get("/ar/campaigns/canteen") for _ in range(2))
        assert first.headers["ETag"] == again.headers["ETag"]
        assert "اسمك" in again.text
        assert "Your name" in client.get("/en/campaigns/canteen").text


def test_a_site_whose_interface_speaks_the_language_says_its_own_words(make_app: Callable[..., Flask]) -> None:
    """A catalogue goes before what a campaign brings."""
    app = make_app()
    with app.app_context():
        cast = Cast(app)
        cast.campaign(phrases={"es": {"Your name": "Nombre y apellidos"}})
        assert cast.reading().words == {}
        assert "Tu nombre" in cast.browser().get("/es/campaigns/canteen").text


def test_saving_words_through_the_draft_is_what_the_desk_will_do(cast: Cast) -> None:
    """One verb for folder, command and desk."""
    campaign(cast, {})
    lacking = phrases.save(cast.row(), "ar", phrases.from_po("ar", ARABIC.read_bytes()), "an editor")
    db.session.commit()
    assert lacking == []
    assert "اسمك" in cast.browser().get("/ar/campaigns/canteen").text
