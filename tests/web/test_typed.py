"""What may be typed into the forms (S30–S36; security.md 2.2, D7, D15, D18, D21, D22)."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import dns.resolver
import pytest
import time_machine
from flask import Flask
from markupsafe import escape
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from petition import links, signatures
from petition.base import crypto, db, mailbox, tokens
from petition.base.domains import DomainCheck
from petition.base.outbox import Message
from petition.base.settings import Smtp
from petition.signatures import PendingSignature, Signature
from tests.cast import Cast, form_token, link_in, moment

PATH = "/en/campaigns/canteen"
ZALGO = "a" + "\u0301" * 20
FAMILY = "👨‍👩‍👧"
TAKEN, REFUSED = 303, 422

#: security.md 2.2: number of the row, field, what is typed, the answer.
ROWS: list[tuple[int, str, str, int]] = [
    (1, "name", "", REFUSED),
    (2, "name", " ", REFUSED),
    (3, "name", "a" * 10_000, REFUSED),
    (3, "name", "a" * 121, REFUSED),
    (3, "name", "a" * 120, TAKEN),
    (4, "name", "O'Brien-Núñez d’Été", TAKEN),
    (5, "name", "Ng", TAKEN),
    (6, "name", "X", TAKEN),
    (7, "name", "李", TAKEN),
    (8, "name", "محمد بن سلمان", TAKEN),
    (9, "name", "<script>alert(1)</script>", TAKEN),
    (10, "name", "{{7*7}}", TAKEN),
    (11, "name", "${7*7}", TAKEN),
    (12, "name", "%(x)s %s", TAKEN),
    (13, "name", "=1+1", TAKEN),
    (14, "name", "@SUM(A1)", TAKEN),
    (16, "name", "＝1", TAKEN),
    (17, "name", "http://x.y", REFUSED),
    (18, "name", "www.x.y", REFUSED),
    (19, "name", "a\0b", REFUSED),
    (20, "name", "a\x1bb", REFUSED),
    (21, "name", "a\u202eb", REFUSED),
    (22, "name", "x\u200by", REFUSED),
    (24, "name", ZALGO, REFUSED),
    (25, "name", "'; DROP TABLE signature;--", TAKEN),
    (26, "name", "Robert\r\nBcc: v@x.org", REFUSED),
    (27, "name", FAMILY, TAKEN),
    (28, "email", "", REFUSED),
    (29, "email", "a", REFUSED),
    (30, "email", "a@b", REFUSED),
    (31, "email", "a@localhost", REFUSED),
    (32, "email", "@x.org", REFUSED),
    (33, "email", "a@", REFUSED),
    (34, "email", "a..b@x.org", REFUSED),
    (35, "email", ".a@x.org", REFUSED),
    (36, "email", '"a b"@x.org', REFUSED),
    (37, "email", "a@[127.0.0.1]", REFUSED),
    (38, "email", "a@x.org,b@x.org", REFUSED),
    (39, "email", "A <a@x.org>", REFUSED),
    (40, "email", "a@x.org\nBcc: v@x.org", REFUSED),
    (41, "email", "a" * 64 + "@x.org", TAKEN),
    (41, "email", "a" * 65 + "@x.org", REFUSED),
    (42, "email", "a" * 60 + "@" + ".".join(["b" * 60] * 3) + "." + "c" * 6 + ".org", TAKEN),
    (42, "email", "a" * 64 + "@" + ".".join(["b" * 60] * 3) + "." + "c" * 4 + ".org", REFUSED),
    (43, "email", " a@x.org ", TAKEN),
    (45, "email", "δοκιμή@παράδειγμα.ελ", REFUSED),
    (48, "email", "a@foo.invalid", REFUSED),
    (48, "email", "a@test", REFUSED),
    (50, "country", "XX", REFUSED),
    (51, "country", "DEU", REFUSED),
    (52, "country", "<b>", REFUSED),
    (52, "country", "", REFUSED),
    (52, "country", "I\0", REFUSED),
]


def post(cast: Cast, path: str = PATH, **typed: str) -> TestResponse:
    """Send the form with exactly these fields besides its token."""
    client = cast.browser()
    token = form_token(client.get(path).text)
    return client.post(path, data={"token": token} | typed)


def data(cast: Cast, letter: Message) -> dict[str, Any]:
    """What the own page gives to take along."""
    record: dict[str, Any] = cast.browser().get(link_in(letter).partition("?")[0] + "/data.json").json
    return record


def stored(model: type[PendingSignature | Signature] = PendingSignature) -> int:
    found = db.session.scalar(select(func.count()).select_from(model))
    db.session.remove()
    return int(found or 0)


@pytest.mark.parametrize("field", ["name", "email", "country"])
def test_a_field_takes_what_a_person_may_type_and_says_what_it_does_not(cast: Cast, field: str) -> None:
    """S31, S32 and every row of security.md 2.2 that a form's field can hold."""
    cast.campaign()
    wrong = []
    for number, (row, which, typed, status) in enumerate(ROWS):
        if which == field:
            other = {"email": f"row{number}@example.org"} if field != "email" else {}
            answer = cast.sign(**other | {field: typed})
            said = f'id="e-{field}"' in answer.text
            if answer.status_code != status or said != (status == REFUSED):
                wrong.append((row, typed[:40], answer.status_code))
    assert wrong == []
    taken = [typed.strip() for _, which, typed, status in ROWS if which == field and status == TAKEN]
    letters = cast.deliver()
    assert len(letters) == len(taken)
    for typed, letter in zip(taken, letters, strict=True):
        own = cast.browser().get(link_in(letter)).text
        # Shown identically on the page and in the letter, and nothing was computed from it.
        assert str(escape(typed)) in own
        assert field != "name" or f"“{typed}”" in letter.text
        assert "<bdi>49</bdi>" not in own


def test_a_tab_in_front_of_a_name_is_taken_off(cast: Cast) -> None:
    """Row 15: a name never begins with a tab; what follows is taken as a person's text."""
    cast.campaign()
    cast.signed(name="\t=1")
    assert "<bdi>=1</bdi>" in cast.browser().get(link_in(cast.sink.letters[0])).text


@pytest.mark.parametrize("raw", [b"name=%ED%A0%80", b"name=a%FFb", b"name=a\xffb", b"%FF=1"])
def test_a_body_that_is_not_utf_8_is_refused_and_never_an_error_of_ours(cast: Cast, raw: bytes) -> None:
    """S04, row 23, D14."""
    cast.campaign()
    token = form_token(cast.browser().get(PATH).text)
    body = raw + b"&email=ana%40example.org&country=IE&token=" + quote(token).encode()
    for path in (PATH, PATH + "/link", "/en/link"):
        answer = cast.browser().post(path, data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 422
    assert stored() == 0


PEOPLE = ["O'Brien", "O’Brien", "Ngũgĩ wa Thiong'o", "محمد", "Sukarno", "김민준", "Łukasz", "José-María", "Dr: Smith",
          "Анна", "Nguyễn", "ก็", "李小龍"]  # fmt: skip


def test_names_of_people_are_stored_in_nfc_and_shown_intact(cast: Cast) -> None:
    """S31."""
    cast.campaign()
    for number, name in enumerate(PEOPLE):
        letter = cast.signed(f"p{number}@example.org", name=name)
        assert name in letter.text
        assert data(cast, letter)["signature"]["name"] == name


def test_a_name_typed_in_pieces_is_stored_whole(cast: Cast) -> None:
    """S31: NFC."""
    cast.campaign()
    letter = cast.signed(name="Jose\u0301")
    assert "José" in letter.text


@pytest.mark.parametrize(
    ("first", "second", "people"),
    [
        ("U@BÜCHER.example.org", "u@xn--bcher-kva.example.org", 1),  # 44
        ("a@ｅxample.com", "a@example.com", 1),  # 46
        ("a@exаmple.com", "a@example.com", 2),  # 47: a Cyrillic letter
        ("ana@example.org.", "Ana@EXAMPLE.org", 1),  # S20
    ],
)
def test_spellings_of_one_mailbox_count_once_and_look_alikes_apart(
    cast: Cast, first: str, second: str, people: int
) -> None:
    """Rows 44, 46, 47 of security.md 2.2."""
    cast.campaign()
    for address in (first, second):
        cast.sign(address)
    for letter in cast.deliver():
        cast.press(letter)
    assert cast.total() == people
    assert all(letter.to.isascii() for letter in cast.sink.letters)


def test_an_empty_form_says_what_is_missing_by_each_field_and_on_top(cast: Cast) -> None:
    """S30."""
    cast.campaign()
    answer = post(cast, place="Vell <Harbour>", news="y", appear="full")
    assert answer.status_code == 422
    page = answer.text
    summary = page.split('id="errors"')[1].split("</div>")[0]
    assert 'tabindex="-1"' in summary
    assert "autofocus" in summary
    for field in ("name", "email", "country"):
        assert f'href="#f-{field}"' in summary
        assert f'id="f-{field}"' in page
        assert f'id="e-{field}"' in page
        assert f'aria-describedby="e-{field}' in page
    assert 'value="Vell &lt;Harbour&gt;"' in page
    assert '<option value="full" selected>' in page
    assert 'name="news" value="y" checked' in page


def test_what_a_campaign_does_not_ask_is_not_taken(cast: Cast) -> None:
    """S35: only the fields that the campaign asks."""
    cast.campaign(asks={})
    answer = post(cast, name="Ana", email="ana@example.org", country="XX", role="Director", comment="x" * 5000)
    assert answer.status_code == 303
    page = cast.browser().get(link_in(cast.deliver()[0])).text
    assert "Director" not in page


def test_a_country_that_is_optional_may_be_missing(cast: Cast) -> None:
    """Row 53."""
    cast.campaign(asks={"country": "optional"})
    assert post(cast, name="Ana", email="ana@example.org").status_code == 303


def test_every_text_field_is_cleaned(cast: Cast) -> None:
    """D14, D15: one filter in front of every field."""
    cast.campaign()
    fields = ("place", "role", "organisation", "comment")
    for typed in ("a\0b", "a\u202eb", "x\u200by", ZALGO, "a" * 1001):
        answer = cast.sign(**dict.fromkeys(fields, typed))
        assert answer.status_code == 422
        assert all(f'id="e-{field}"' in answer.text for field in fields)


def test_a_comment_may_have_lines_and_a_place_may_not(cast: Cast) -> None:
    """S34, D9."""
    cast.campaign()
    assert cast.sign(comment="first\r\nsecond").status_code == 303
    assert cast.sign(place="first\r\nsecond").status_code == 422


class Nowhere:
    """A DNS that knows Gmail, the site and its mail server, and nothing else."""

    def resolve(self, name: str, kind: object, **_options: object) -> SimpleNamespace:
        """Answer a question."""
        if not name.endswith(("gmail.com.", "petition.example.", "dockside-aid.org.")):
            raise dns.resolver.NXDOMAIN
        return SimpleNamespace(rrset=[SimpleNamespace(exchange="mx.gmail.com.")])


def _with_mail_server(make_app: Callable[..., Flask]) -> Flask:
    """A site that sends letters; its DNS knows little."""
    app = make_app(
        base_url="https://petition.example", mail_from="list@dockside-aid.org",
        smtp_url=Smtp("smtp", "relay.dockside-aid.org", 587, "", ""),
    )  # fmt: skip
    app.extensions["petition.domains"] = DomainCheck(resolver=Nowhere())  # type: ignore[arg-type]
    return app


def _sign_there(app: Flask, email: str) -> TestResponse:
    client = Cast(app).browser()
    token = form_token(client.get(PATH, base_url="https://petition.example").text)
    data = {"name": "Ana", "email": email, "country": "IE", "token": token}
    return client.post(PATH, base_url="https://petition.example", data=data)


def test_a_domain_that_takes_no_mail_is_asked_about_with_a_suggestion_for_a_slip(
    make_app: Callable[..., Flask],
) -> None:
    """S32."""
    app = _with_mail_server(make_app)
    with app.app_context():
        Cast(app).campaign()
        answer = _sign_there(app, "ana@gmial.com")
        assert answer.status_code == 422
        assert "Does the part after the @ exist?" in answer.text
        assert "ana@gmail.com" in answer.text
        assert _sign_there(app, "ana@gmail.com").status_code == 303


@pytest.mark.parametrize(
    "address",
    ["postmaster@petition.example", "list@dockside-aid.org", "List+x@dockside-aid.org", "a@relay.dockside-aid.org"],
)
def test_an_address_of_the_site_itself_is_refused(make_app: Callable[..., Flask], address: str) -> None:
    """Row 49: a letter to it would make a loop."""
    app = _with_mail_server(make_app)
    with app.app_context():
        Cast(app).campaign()
        answer = _sign_there(app, address)
        assert answer.status_code == 422
        assert "This is an address of this site itself." in answer.text


def test_without_a_mail_server_dns_is_not_asked(app: Flask, cast: Cast) -> None:
    """S32."""
    cast.campaign()
    assert cast.sign("ana@no-such-domain-at-all.org").status_code == 303
    assert "petition.domains" not in app.extensions


# S34 and D7: whatever is typed is text everywhere.

PAYLOADS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>", "</textarea><script>alert(1)</script>", "</title><script>alert(1)</script>",
    "</bdi></p><iframe src=javascript:alert(1)>", "<a href=javascript:alert(1)>x</a>", "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>", "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
    "<style>@import '//evil.example'</style>", "<link rel=stylesheet href=//evil.example>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>", "<form action=//evil.example><button>x</form>",
    "<object data=//evil.example>", "<embed src=//evil.example>", "<input autofocus onfocus=alert(1)>",
    "<!--<img src=--><img src=x onerror=alert(1)//-->", "<![CDATA[<script>alert(1)</script>]]>", "&lt;script&gt;",
    "&#60;script&#62;", "\\u003cscript\\u003e", "javascript:alert(1)", "\" onmouseover=alert(1) x=\"",
    "' onmouseover=alert(1) x='", "` onmouseover=alert(1)", "{{7*7}}", "{% raw %}{{ config }}{% endraw %}", "${7*7}",
    "#{7*7}", "<%= 7*7 %>", "%(x)s %s %d %n", "[x](javascript:alert(1))", "![x](//evil.example/a.png)", "**bold** _it_",
    "'; DROP TABLE signature;--", "%' OR '1'='1", "_%\\", "=HYPERLINK(\"//evil.example\")", "<bdo dir=rtl>x</bdo>",
]  # fmt: skip


class Shape(HTMLParser):
    """What a page is made of: elements with the names of their attributes, and where it leads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[tuple[str, tuple[str, ...]]] = set()
        self.leads: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.add((tag, tuple(sorted(name for name, _ in attrs))))
        self.leads |= {value or "" for name, value in attrs if name in ("href", "src", "action", "formaction")}


def _everywhere(text: str) -> dict[str, str]:
    name = "Plain" if "://" in text or "www." in text else text
    return {"name": name, "place": text, "role": text, "organisation": text, "comment": text}


def test_what_was_typed_is_text_on_every_page_and_in_every_letter(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    """S34, D7: 40 payloads leave the make of no page changed."""
    assert len(PAYLOADS) >= 40
    cast.campaign()
    client = cast.browser()
    token = form_token(client.get(PATH).text)

    def walk(address: str, typed: dict[str, str]) -> dict[str, str]:
        data = {"token": token, "country": "IE", "appear": "full", "with_role": "y"} | typed
        wrong = client.post(PATH, data=data | {"email": ""}).text
        again = client.post(PATH, data=data | {"email": address, "token": "old"}).text
        assert client.post(PATH, data=data | {"email": address}).status_code == 303
        letter = cast.deliver()[0]
        own = client.get(link_in(letter)).text
        assert cast.press(letter).status_code == 303
        signed = client.get(link_in(letter)).text
        return {"wrong": wrong, "again": again, "own": own, "signed": signed, "letter": letter.html or ""}

    # Who signs first finds a page that says that nobody has.
    walk("first@example.org", _everywhere("First"))
    plain = {name: Shape(page) for name, page in walk("plain@example.org", _everywhere("Plain")).items()}
    for number, payload in enumerate(PAYLOADS):
        for name, page in walk(f"p{number}@example.org", _everywhere(payload)).items():
            shape = Shape(page)
            assert shape.elements <= plain[name].elements, (name, payload)
            assert not any("evil" in lead or lead.startswith("javascript") for lead in shape.leads), (name, payload)
            assert ">49<" not in page, (name, payload)
    assert "alert(1)" not in caplog.text


def test_the_letter_holds_an_advertising_name_once_in_quotes_and_not_in_its_subject(cast: Cast) -> None:
    """A7, S34."""
    cast.campaign()
    letter = (cast.sign(name="Win <b>big</b> at x dot com"), cast.deliver()[0])[1]
    assert letter.text.count("Win <b>big</b>") == 1
    assert "“Win <b>big</b> at x dot com”" in letter.text
    assert "Win &lt;b&gt;" in (letter.html or "")
    assert "Win" not in letter.subject


# S35: fields, tokens.


def test_fields_nobody_offered_are_ignored(cast: Cast) -> None:
    """S35."""
    cast.campaign()
    cast.campaign("other")
    answer = cast.sign(state="counted", id="1", campaign="other", seat="3", mailbox="x", channel="paper", partner="p")
    assert answer.status_code == 303
    assert stored() == 1
    assert stored(Signature) == 0
    assert cast.press(cast.deliver()[0]).status_code == 303
    assert (cast.total(), cast.total("other")) == (1, 0)
    row = db.session.scalars(select(Signature)).one()
    assert (row.channel, row.partner, row.seat, row.state) == ("online", "", 0, "counted")


@pytest.mark.parametrize("field", ["email", "name", "token", "country"])
def test_a_known_field_twice_is_refused(cast: Cast, field: str) -> None:
    """S35, D22."""
    cast.campaign()
    token = form_token(cast.browser().get(PATH).text)
    data = {"name": ["Ana"], "email": ["ana@example.org"], "country": ["IE"], "token": [token]}
    data[field] = data[field] * 2
    assert cast.browser().post(PATH, data=data).status_code == 400
    assert stored() == 0


def _token(cast: Cast, which: str) -> str:
    reading = cast.reading()
    wording, consent = reading.wording("en").id, 1
    if which == "missing":
        return ""
    if which == "other campaign":
        return tokens.form(cast.reading("other").id, cast.reading("other").wording("en").id, 1, "", db.now())
    if which == "altered":
        good = tokens.form(reading.id, wording, consent, "", db.now())
        return good.replace(f"{reading.id}-", f"{reading.id + 1}-", 1)
    if which == "another purpose":
        return tokens.stamp("inbox", str(reading.id), "ana@example.org")
    hours = {"25 h old": -25, "of tomorrow": 24}[which]
    return tokens.form(reading.id, wording, consent, "", moment("2026-03-01T10:30:00") + hours * _HOUR)


_HOUR = moment("2026-01-01T01:00:00") - moment("2026-01-01T00:00:00")


@pytest.mark.parametrize(
    "which", ["missing", "altered", "other campaign", "another purpose", "25 h old", "of tomorrow"]
)
def test_a_form_with_a_bad_token_comes_back_with_what_was_typed_and_can_be_sent_again(cast: Cast, which: str) -> None:
    """S35, D1, row 54."""
    with time_machine.travel(moment("2026-03-01T10:30:00"), tick=True):
        cast.campaign()
        cast.campaign("other")
        client = cast.browser()
        typed = {"name": "Ana <María>", "email": "ana@example.org", "country": "IE", "comment": "two\nlines",
                 "appear": "short", "news": "y", "source": "x"}  # fmt: skip
        token = _token(cast, which)
        answer = client.post(PATH, data=typed | {"token": token})
        assert answer.status_code == 422
        assert "Ana &lt;María&gt;" in answer.text
        assert "two\nlines" in answer.text
        assert 'value="ana@example.org"' in answer.text
        assert '<option value="short" selected>' in answer.text
        assert '<option value="IE"' in answer.text
        assert stored() == 0
        again = client.post(PATH, data=typed | {"token": form_token(answer.text)})
        assert again.status_code == 303
        assert stored() == 1


def test_a_form_open_for_a_day_can_still_be_sent(cast: Cast) -> None:
    """D1: accepted for 24 hours, and by a machine whose clock is a minute off."""
    with time_machine.travel(moment("2026-03-01T09:00:00"), tick=True):
        cast.campaign()
    with time_machine.travel(moment("2026-03-01T10:30:00"), tick=True):
        token = form_token(cast.browser().get(PATH).text)
    typed = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": token}
    with time_machine.travel(moment("2026-03-02T10:29:00"), tick=True):
        assert cast.browser().post(PATH, data=typed).status_code == 303
    with time_machine.travel(moment("2026-03-01T09:59:30"), tick=True):
        assert cast.browser().post(PATH, data=typed).status_code == 303


def test_a_foreign_or_null_origin_does_not_keep_anybody_from_signing(cast: Cast) -> None:
    """D1: a form without cookies has nothing that another site could abuse."""
    cast.campaign()
    token = form_token(cast.browser().get(PATH).text)
    data = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": token}
    for headers in ({"Origin": "null"}, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}):
        answer = cast.browser().post(PATH, data=data, headers=headers)
        assert answer.status_code == 303
        assert "Set-Cookie" not in answer.headers


def test_who_fills_the_hidden_field_sees_the_same_page_and_no_letter_goes(cast: Cast) -> None:
    """Row 55."""
    cast.campaign()
    plain, trapped = cast.sign("a@example.org"), cast.sign("b@example.org", website="http://x")
    pages = [cast.browser().get(answer.location).text for answer in (plain, trapped)]
    pages = [re.sub(r"/inbox/[\w-]+|[ab]@example.org", "", page) for page in pages]
    assert pages[0] == pages[1]
    assert [letter.to for letter in cast.deliver()] == ["a@example.org"]


# S36 and row 57: bodies.


@pytest.mark.parametrize("path", [PATH, PATH + "/link", "/en/link", "/t/TOKEN/correct", "/t/TOKEN/confirm"])
def test_a_body_that_no_form_of_ours_makes_is_refused(cast: Cast, path: str) -> None:
    """S36, row 57, D18, D21, D22."""
    cast.campaign()
    letter = cast.signed()
    path = path.replace("/t/TOKEN", link_in(letter).partition("?")[0])
    client = cast.browser()
    form = "application/x-www-form-urlencoded"
    assert client.post(path, data=b"name=" + b"a" * 65_600, content_type=form).status_code == 413
    many = "&".join(f"f{number}=x" for number in range(3000))
    assert client.post(path, data=many, content_type=form).status_code == 400
    assert client.post(path, data="email=a&email=b", content_type=form).status_code == 400
    assert client.post(path, data=json.dumps({"name": "\ud800"}), content_type="application/json").status_code == 415
    assert client.post(path, data={"name": "x"}, content_type="multipart/form-data").status_code == 415
    assert client.post(path, data="name=x", content_type="text/plain").status_code == 415
    assert data(cast, letter)["signature"]["name"] == "Ana María"


def test_the_mailbox_key_of_what_was_typed_is_the_folded_one(cast: Cast) -> None:
    """S20: what is stored for comparing comes from the folded address alone."""
    cast.campaign()
    cast.sign("  J.Doe+news@GoogleMail.com. ")
    row = db.session.scalars(select(PendingSignature)).one()
    folded = mailbox.parse("jdoe@gmail.com").folded
    assert row.mailbox == signatures.mailbox_key(cast.reading(), folded)
    assert row.mailbox != links.site_mailbox(folded)
    assert crypto.keyed_hash(cast.reading().hash_key(), "domain", "gmail.com") != row.mailbox
