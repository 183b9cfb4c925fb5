"""A campaign on other sites: the form in a frame, who may frame it, the loader, the badge, oEmbed, the snippets."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from petition import framing, running, teams
from petition.base import db
from petition.base.tokens import FormToken
from petition.drafts import Text
from petition.framing import LISTED, NOWHERE, Allowed
from petition.journal import Entry
from petition.register import Move
from petition.signatures import PendingSignature
from petition.web import embed, style
from petition.web.headers import FRAMED, PERSONAL, PUBLIC
from tests.cast import Browser, Cast, form_token

PATH = "/embed/en/campaigns/canteen"
TYPED = {"name": "Ana María", "email": "ana@example.org", "country": "IE", "appear": "hidden"}
DESK = "/desk/campaigns/canteen/embedding"


def ancestors(answer: TestResponse) -> str:
    """Who may show an answer in a frame; both headers must say the same."""
    said = re.search(r"frame-ancestors ([^;]*)", answer.headers["Content-Security-Policy"])
    assert said
    assert (answer.headers.get("X-Frame-Options") == "DENY") == (said[1] == "'none'")
    return said[1]


def allow(cast: Cast, allowed: str, *sites: str) -> None:
    """Say where the campaign's form may stand."""
    framing.allow(cast.row(), Allowed(allowed, sites), "a test")
    db.session.commit()


def sign(cast: Cast, path: str = PATH, **typed: str) -> TestResponse:
    """Read the form in a frame and send it as a browser does from a sandbox: no cookie, no origin."""
    client = cast.browser()
    token = form_token(client.get(path).text)
    headers = {"Origin": "null", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}
    return client.post(path, data=TYPED | {"token": token} | typed, headers=headers)


def test_a_frame_signs_from_a_sandbox_without_script_or_cookie_and_says_check_your_inbox_within(cast: Cast) -> None:
    """S14, S60, D1: the same form, the same letter, the same button on the own page."""
    cast.campaign()
    answer = sign(cast)
    assert answer.status_code == 303
    assert answer.location.startswith(f"{PATH}/inbox/")
    inbox = cast.browser().get(answer.location)
    assert "Check your inbox" in inbox.text
    assert "ana@example.org" in inbox.text
    assert f'href="{PATH}#sign"' in inbox.text, "correcting leads back to the frame's own form"
    assert (ancestors(inbox), inbox.headers["Referrer-Policy"], inbox.headers["Cache-Control"]) == (
        "*", "no-referrer", PERSONAL,
    )  # fmt: skip
    (letter,) = cast.deliver()
    assert "/embed/" not in letter.text, "links in letters lead to the site itself"
    assert cast.total() == 0
    cast.press(letter)
    assert cast.total() == 1


def test_a_signature_from_a_frame_is_tallied_as_one_unless_the_frame_says_its_source(cast: Cast) -> None:
    cast.campaign()
    sign(cast)
    sign(cast, PATH + "?source=union-site", email="ben@example.org")
    for letter in cast.deliver():
        cast.press(letter)
    assert set(db.session.scalars(select(Move.source))) == {"embed", "union-site"}


def test_a_key_in_the_path_that_is_no_partners_is_kept_nowhere(cast: Cast) -> None:
    """S63: an unknown key changes nothing but the address."""
    cast.campaign()
    page = cast.browser().get(PATH + "/by.redflag")
    assert FormToken(form_token(page.text)).partner == ""
    assert sign(cast, PATH + "/by.redflag").location.startswith(f"{PATH}/by.redflag/inbox/")
    assert db.session.scalars(select(PendingSignature.partner)).all() == [""]


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"name": ""}, 422, "Type your name."),
        ({"email": "ana"}, 422, "This is not an e-mail address"),
        ({"token": "old"}, 422, "Please send it again"),
    ],
)
def test_what_is_wrong_is_said_within_the_frame_and_what_was_typed_stays(
    cast: Cast, typed: dict[str, str], status: int, said: str
) -> None:
    cast.campaign()
    allow(cast, LISTED, "https://union.example")
    answer = sign(cast, PATH + "/compact-dark", **typed)
    page = html.unescape(answer.text)
    assert (answer.status_code, ancestors(answer)) == (status, "'self' https://union.example")
    assert said in page
    assert 'value="IE" selected' in page
    assert "/dark/" in page, "the look stays"
    assert 'class="masthead"' not in page
    again = cast.browser().post(PATH, data=TYPED | {"token": form_token(answer.text)})
    assert again.status_code == 303


def test_every_way_out_of_a_frame_opens_a_window_of_its_own(cast: Cast) -> None:
    """D2, D3: our own pages refuse to be framed; and without `allow-forms` a link leads to where one can sign."""
    cast.campaign()
    client = cast.browser()
    stamp = sign(cast).location
    pages = [client.get(path).text for path in (PATH, PATH + "/compact", PATH + "/notext", PATH + "/card", stamp,
             "/embed/en/campaigns/none")]  # fmt: skip
    pages.append(sign(cast, name="").text)
    pages.append(sign(cast, token="old").text)
    for page in pages:
        links = re.findall(r'<a [^>]*href="(?!#)[^"]*"[^>]*>', page)
        assert links
        inside = [one for one in links if 'target="_blank" rel="noopener"' not in one and f"{PATH}#sign" not in one]
        assert inside == []
    assert 'href="/en/campaigns/canteen#sign" target="_blank"' in pages[0]
    assert not re.search(r"<form[^>]*(target|action)=", pages[0])


@pytest.mark.parametrize(
    ("allowed", "sites", "said"),
    [
        ("anywhere", (), "*"),
        ("anywhere", ("https://union.example",), "*"),
        ("listed", ("https://union.example", "https://*.press.example:8443"),
         "'self' https://union.example https://*.press.example:8443"),
        ("nowhere", (), "'none'"),
    ],
)  # fmt: skip
def test_a_frame_stands_only_where_the_organisers_allow_it(
    cast: Cast, allowed: str, sites: tuple[str, ...], said: str
) -> None:
    """S60, D3."""
    cast.campaign()
    allow(cast, allowed, *sites)
    client = cast.browser()
    pages = [PATH, PATH + "/compact", PATH + "/card", sign(cast).location]
    assert [ancestors(client.get(path)) for path in pages] == [said] * 4


def test_whoever_chose_nothing_lets_the_form_stand_anywhere(cast: Cast) -> None:
    campaign = cast.campaign()
    assert framing.of(campaign.id) == Allowed()
    assert ancestors(cast.browser().get(PATH)) == "*"


def test_nothing_but_the_frame_its_card_and_its_inbox_may_be_framed(app: Flask, cast: Cast) -> None:
    """D3, S60: every route there is, asked and sent to; new ones are found by themselves."""
    cast.campaign()
    client = cast.browser()
    tried = set()
    for rule in app.url_map.iter_rules():
        filled = {"language": "en", "slug": "canteen", "look": "dark", "stamp": "x", "theme": "dark", "rgb": "b3201b"}
        path = re.sub(r"<(?:[^:>]*:)?(\w+)>", lambda found, filled=filled: filled.get(found[1], "1"), rule.rule)
        for answer in (client.get(path), client.post(path, data={"name": "x"})):
            framed = rule.endpoint in FRAMED and answer.status_code not in (405,)
            if rule.endpoint != "kept.html":
                assert (ancestors(answer) != "'none'") == framed, (rule.endpoint, answer.status_code)
        tried.add(rule.endpoint)
    assert tried > FRAMED
    assert {endpoint for endpoint in tried if endpoint.startswith("embed.")} - FRAMED == {"embed.loader"}


def test_an_error_in_a_frame_is_shown_in_it_and_never_tells_a_height(cast: Cast) -> None:
    """The loader leaves its link where anything fails: it waits for a height."""
    cast.campaign()
    answers = {404: cast.browser().get("/embed/en/campaigns/none"), 415: cast.browser().post(PATH, json={})}
    running.withdraw(cast.row(), "a test")
    db.session.commit()
    answers[410] = cast.browser().get(PATH)
    for status, answer in answers.items():
        assert (answer.status_code, answer.headers["Cache-Control"]) == (status, "no-store")
        assert "<script" not in answer.text
        assert 'class="masthead"' not in answer.text


@pytest.mark.parametrize(
    "path", ["/dark-compact", "/compact-compact", "/auto", "/B3201B", "/by.", "/notext-dark", "/x"]
)
def test_a_look_has_one_address_alone(cast: Cast, path: str) -> None:
    """Whatever changes a public page stands in its path, and nobody fills a cache with the same page."""
    cast.campaign()
    assert cast.browser().get(PATH + path).status_code == 404


def test_a_look_is_what_the_path_says_whatever_the_query_says(cast: Cast) -> None:
    cast.campaign()
    client = cast.browser()
    pages = {path: client.get(PATH + path).text for path in ("", "/compact", "/notext", "/dark", "/1f4f7a", "/ffffcc")}
    asked = client.get(PATH + "?theme=dark&size=compact")
    token = r'name="token" value="[^"]*"'
    assert re.sub(token, "", asked.text) == re.sub(token, "", pages[""])
    assert "Take <em>them</em> back" in pages[""]
    assert "<details><summary>Read the whole appeal" in pages["/compact"]
    assert "Take <em>them</em> back" not in pages["/notext"]
    sheets = {path: re.findall(r'href="/style/[0-9a-f]+/([^"]+)"', page)[0] for path, page in pages.items()}
    assert sheets == {"": "auto/b3201b.css", "/compact": "auto/b3201b.css", "/notext": "auto/b3201b.css",
                      "/dark": "dark/b3201b.css", "/1f4f7a": "auto/1f4f7a.css",
                      "/ffffcc": sheets["/ffffcc"]}  # fmt: skip
    assert client.get(f"/style/{style.build()}/{sheets['/ffffcc']}").status_code == 200, "made darker, until it is read"


def test_the_sheet_of_a_theme_does_not_ask_what_the_reader_prefers(cast: Cast) -> None:
    sheets = {theme: style.frame_sheet("b3201b", theme) for theme in ("auto", "light", "dark")}
    assert b"prefers-color-scheme" in sheets["auto"]
    for theme in ("light", "dark"):
        assert b"prefers-color-scheme" not in sheets[theme]
        assert b"color-scheme:" + theme.encode() in sheets[theme]
    assert b"@media not all{:root{" in sheets["light"]
    assert b"@media screen{:root{" in sheets["dark"]


@pytest.mark.parametrize("phase", ["scheduled", "paused", "closed", "final"])
def test_a_campaign_that_cannot_be_signed_shows_its_number_its_outcome_and_the_way_to_the_site(
    cast: Cast, phase: str
) -> None:
    now = db.now()
    cast.campaign(opens_at=now + timedelta(days=1) if phase == "scheduled" else None,
                  outcome={"en": "All are back."} if phase == "final" else {})  # fmt: skip
    if phase == "paused":
        running.pause(cast.row(), "a test")
    if phase in ("closed", "final"):
        running.close(cast.row(), "a test", now - timedelta(hours=1 if phase == "closed" else 48))
    db.session.commit()
    page = html.unescape(cast.browser().get(PATH).text)
    said = {"scheduled": "Signing has not begun yet", "paused": "Signing is paused", "closed": "Signing has closed",
            "final": "This campaign has ended"}  # fmt: skip
    assert said[phase] in page
    assert "<form" not in page
    assert 'class="button" href="/en/campaigns/canteen" target="_blank"' in page
    assert ("This total is final." in page, "All are back." in page) == (phase == "final",) * 2
    assert "Read the appeal" in cast.browser().get(PATH + "/card").text


def test_a_form_sent_from_a_frame_after_the_closing_is_answered_within_it(cast: Cast) -> None:
    """S06."""
    cast.campaign()
    client = cast.browser()
    token = form_token(client.get(PATH).text)
    running.close(cast.row(), "a test", db.now() - timedelta(seconds=1))
    db.session.commit()
    answer = client.post(PATH, data=TYPED | {"token": token})
    assert (answer.status_code, ancestors(answer)) == (409, "*")
    assert 'class="masthead"' not in answer.text


def test_what_everybody_sees_is_kept_by_its_path_and_what_is_ones_own_never(make_app: Callable[..., Flask]) -> None:
    """D23: and the query changes nothing of it."""
    app = make_app(page_cache=0.5)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        client = Browser(app, use_cookies=False)
        controls = {path: client.get(path).headers["Cache-Control"] for path in (
            PATH, PATH + "/compact-dark-1f4f7a-notext", PATH + "/card", PATH + "/badge.svg",
            PATH + "/badge-count-dark.svg", "/embed/1/loader.js", "/en/campaigns/canteen/embed",
            "/en/campaigns/canteen/embed/dark",
        )}  # fmt: skip
        assert set(controls.values()) == {PUBLIC, embed.LOADER_KEPT}
        assert controls["/embed/1/loader.js"] == "public, max-age=3600, s-maxage=3600"
        first = client.get(PATH + "?source=a")
        assert first.headers["ETag"] == client.get(PATH).headers["ETag"]
        assert client.get(PATH, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
        assert "Set-Cookie" not in first.headers
        asked = client.get("/embed/oembed?url=http://localhost/en/campaigns/canteen")
        assert asked.headers["Cache-Control"] == "private, max-age=300"
        other = client.get("/embed/oembed?url=http://localhost/es/campaigns/canteen")
        assert asked.json["title"] != other.json["title"], "no cache of ours keeps what depends on a query"
        assert client.get(PATH + "/inbox/x").headers["Cache-Control"] == PERSONAL
        assert client.get("/en/campaigns/canteen/embed/choose?theme=dark").headers["Cache-Control"] == PERSONAL


def test_a_slug_of_before_leads_to_the_frame_of_now(cast: Cast) -> None:
    """What somebody pasted years ago works."""
    cast.campaign()
    running.rename(cast.row(), "kitchen", "a test")
    db.session.commit()
    client = cast.browser()
    moved = {path: client.get(PATH + path) for path in ("", "/compact-dark", "/badge.svg", "/badge-dark.svg", "/card")}
    assert {path: (answer.status_code, answer.location) for path, answer in moved.items()} == {
        path: (301, f"/embed/en/campaigns/kitchen{path}") for path in moved
    }
    token = form_token(client.get("/embed/en/campaigns/kitchen").text)
    assert client.post(PATH + "/dark", data=TYPED | {"token": token}).status_code == 303


def test_the_loader_is_less_than_two_kilobytes_under_an_address_that_stays(cast: Cast) -> None:
    answer = cast.browser().get("/embed/1/loader.js")
    assert (answer.mimetype, answer.headers["Cross-Origin-Resource-Policy"]) == ("text/javascript", "cross-origin")
    assert len(answer.data) < 2_000
    assert b"//" not in re.sub(rb"\\/\\/", b"", answer.data), "no comment is sent"


def badge(cast: Cast, look: str = "", language: str = "en") -> ElementTree.Element:
    """A badge, well-formed."""
    answer = cast.browser().get(f"/embed/{language}/campaigns/canteen/badge{look}.svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert not re.search(r"<script|<style|style=|on\w+=|href", answer.text)
    return ElementTree.fromstring(answer.text)


def words(picture: ElementTree.Element) -> list[str]:
    """What a badge shows."""
    return [one.text or "" for one in picture.iter("{http://www.w3.org/2000/svg}text")]


def test_a_badge_says_count_and_goal_in_its_language_and_can_be_read_aloud(cast: Cast) -> None:
    """S62."""
    cast.campaign()
    cast.signed()
    assert words(badge(cast)) == ["1", "person has signed", "The next goal is 1,000."]
    assert words(badge(cast, "-count-dark")) == ["1", "person has signed"]
    spanish = badge(cast, language="es")
    assert words(spanish) == ["1", "persona ha firmado", "La próxima meta es 1.000."]
    title, said = (spanish.find(f"{{http://www.w3.org/2000/svg}}{name}") for name in ("title", "desc"))
    assert title is not None
    assert said is not None
    assert (title.text, said.text) == ("Readmitan a las trabajadoras",
                                       "1 persona ha firmado. La próxima meta es 1.000.")  # fmt: skip
    assert badge(cast, "-1f4f7a").attrib["role"] == "img"


def test_a_badge_of_a_draft_or_of_nothing_is_not_there(cast: Cast) -> None:
    cast.campaign(publish=False)
    for slug in ("canteen", "none"):
        assert cast.browser().get(f"/embed/en/campaigns/{slug}/badge.svg").status_code == 404


def oembed(cast: Cast, **asked: str) -> TestResponse:
    """Ask for what stands for an address."""
    return cast.browser().get("/embed/oembed", query_string=asked)


PAGE = "http://localhost/en/campaigns/canteen"


def test_a_campaigns_page_says_where_its_oembed_is_and_that_gives_the_frame(cast: Cast) -> None:
    """S62: as consumers find it, by the link in the page."""
    cast.campaign()
    page = cast.browser().get("/en/campaigns/canteen").text
    found = dict(re.findall(r'<link rel="alternate" type="([^"]+\+oembed)" href="([^"]+)"', page))
    assert list(found) == ["application/json+oembed", "text/xml+oembed"]
    answers = [cast.browser().get(html.unescape(href).removeprefix("http://localhost")) for href in found.values()]
    assert [answer.mimetype for answer in answers] == ["application/json", "text/xml"]
    said = answers[0].json
    assert said == {
        "version": "1.0", "type": "rich", "title": "Take the canteen workers back", "width": 600, "height": 900,
        "provider_name": said["provider_name"], "provider_url": "http://localhost/", "cache_age": 300,
        "html": f'<blockquote><a href="{PAGE}">Take the canteen workers back</a></blockquote>'
                f'<iframe src="http://localhost{PATH}" width="600" height="900" title="Take the canteen workers back" '
                'frameborder="0" loading="lazy"></iframe>',
    }  # fmt: skip
    root = ElementTree.fromstring(answers[1].text)
    assert {one.tag: one.text for one in root} == {name: str(value) for name, value in said.items()}
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {"*"}


def test_oembed_honours_the_sizes_it_is_given(cast: Cast) -> None:
    cast.campaign()
    small = oembed(cast, url=PAGE, maxwidth="320", maxheight="400").json
    assert (small["width"], small["height"]) == (320, 400)
    assert f'src="http://localhost{PATH}/compact" width="320" height="400"' in small["html"]
    for said in ("9999", "0", "-1", "many", "１２"):
        assert oembed(cast, url=PAGE, maxwidth=said).json["width"] == 600


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(
    "url",
    ["http://localhost/en/campaigns/none", "http://localhost/xx/campaigns/canteen", "http://elsewhere/en/campaigns/canteen",
     "http://localhost/en/", "javascript:alert(1)", "http://[", "", "http://localhost/en/campaigns/draft"],
)  # fmt: skip
def test_oembed_of_what_is_no_campaign_is_not_found_in_the_format_asked_for(cast: Cast, form: str, url: str) -> None:
    """S62, S08."""
    cast.campaign()
    cast.campaign("draft", publish=False)
    answer = oembed(cast, url=url, format=form)
    assert answer.status_code == 404
    assert answer.mimetype == ("application/json" if form == "json" else "text/xml")
    assert "no campaign" in answer.text


def test_oembed_knows_no_other_format_and_wants_an_address(cast: Cast) -> None:
    assert oembed(cast, url=PAGE, format="yaml").status_code == 501
    assert oembed(cast).status_code == 400


def test_oembed_takes_an_old_slug_and_what_stands_behind_an_address(cast: Cast) -> None:
    cast.campaign()
    running.rename(cast.row(), "kitchen", "a test")
    db.session.commit()
    for url in (PAGE, PAGE + "/?source=x#sign", "https://localhost/en/campaigns/canteen"):
        assert "/embed/en/campaigns/kitchen" in oembed(cast, url=url).json["html"]


def test_oembed_of_a_campaign_that_stays_on_its_site_is_a_link(cast: Cast) -> None:
    cast.campaign()
    allow(cast, NOWHERE)
    said = oembed(cast, url=PAGE).json
    assert said["type"] == "link"
    assert "html" not in said


def test_a_title_cannot_leave_its_attribute_in_any_snippet(cast: Cast) -> None:
    """D7."""
    evil = '"><script>alert(1)</script>'
    cast.campaign(texts={"en": Text(f"Take {evil} back", "the Port", "Forty.", "Take *them* back.")})
    said = oembed(cast, url=PAGE).json["html"]
    assert "<script" not in said
    page = cast.browser().get("/en/campaigns/canteen/embed").text
    snippets = [html.unescape(one) for one in re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)]
    assert len(snippets) == 3
    assert not any("<script>" in one for one in snippets)
    assert "<script>" not in cast.browser().get(PATH + "/badge.svg").text


def test_the_public_page_hands_out_three_snippets_for_the_look_in_its_path_and_shows_it(cast: Cast) -> None:
    cast.campaign()
    client = cast.browser()
    assert 'href="/en/campaigns/canteen/embed"' in client.get("/en/campaigns/canteen").text
    chosen = client.get("/en/campaigns/canteen/embed/choose?size=compact&theme=dark&colour=%231F4F7A&text=")
    assert (chosen.status_code, chosen.location) == (303, "/en/campaigns/canteen/embed/compact-dark-1f4f7a#snippets")
    page = client.get(chosen.location.partition("#")[0]).text
    link, frame, badge_ = (
        html.unescape(one) for one in re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    )
    assert f'src="http://localhost{PATH}/compact-dark-1f4f7a"' in frame
    assert 'data-petition data-size="compact" data-theme="dark" data-colour="1f4f7a"' in link
    assert '<script async src="http://localhost/embed/1/loader.js"></script>' in link
    assert f'src="http://localhost{PATH}/badge-dark-1f4f7a.svg"' in badge_
    assert f'<iframe class="shown-frame" src="{PATH}/compact-dark-1f4f7a"' in page
    for query in ("theme=blue&colour=zz&size=huge", ""):
        assert client.get("/en/campaigns/canteen/embed/choose?" + query).location == (
            "/en/campaigns/canteen/embed#snippets"
        )


def test_the_public_page_says_where_the_form_may_not_stand(cast: Cast) -> None:
    cast.campaign()
    allow(cast, LISTED, "https://union.example")
    page = cast.browser().get("/en/campaigns/canteen/embed").text
    assert "Ask them to add yours" in page
    assert "union.example" not in page, "whom they trust is their own business"
    allow(cast, NOWHERE)
    page = cast.browser().get("/en/campaigns/canteen/embed").text
    assert page.count("<textarea") == 1
    assert "shown-frame" not in page


def test_an_organiser_says_at_the_desk_on_which_sites_the_form_may_stand(cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    assert "shown-frame" in desk.get(DESK).text
    seen = re.search(r'name="seen" value="([^"]*)"', desk.get(DESK).text)
    assert seen
    sites = "Union.example\r\nhttps://*.press.example:8443/\r\n http://büro.example\r\nhttps://union.example"
    answer = desk.send(DESK, allowed="listed", sites=sites, seen=html.unescape(seen[1]))
    assert (answer.status_code, answer.location) == (303, DESK + "?done=saved")
    assert framing.of(cast.reading().id) == Allowed(
        LISTED, ("https://union.example", "https://*.press.example:8443", "http://xn--bro-hoa.example")
    )
    last = db.session.scalars(select(Entry).order_by(Entry.id.desc())).first()
    assert last is not None
    assert (last.deed, last.count) == ("frames allowed: listed", 3)
    late = desk.send(DESK, allowed="nowhere", sites="", seen=html.unescape(seen[1]))
    assert late.status_code == 409, "somebody else saved meanwhile"
    assert framing.of(cast.reading().id).allowed == LISTED


@pytest.mark.parametrize(
    "site",
    ["https://a.example;script-src *", "https://a.example/path", "ftp://a.example", "https://*", "https://*.example",
     "https://a.*.example", "https://", "a b.example/", "https://a.example:99999", "https://a.example:", "'self'", "*",
     "https://user@a.example", "https://a.example?x", "https://-a.example", "https://[::1]", "data:", "https://a..example"],
)  # fmt: skip
def test_what_is_more_or_less_than_a_site_is_refused(cast: Cast, site: str) -> None:
    """D3: nothing that is typed there can say anything else in the header."""
    with pytest.raises(framing.SiteRefused):
        framing.site(site)
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    answer = desk.send(DESK, allowed="listed", sites=site, seen="x=y")
    assert answer.status_code == 422
    assert framing.of(cast.reading().id) == Allowed()


def test_a_list_without_sites_and_a_fourth_choice_are_refused(cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    assert "Type at least one site." in desk.send(DESK, allowed="listed", sites="", seen="x=y").text
    assert desk.send(DESK, allowed="everywhere", sites="", seen="x=y").status_code == 422
    many = "\n".join(f"https://s{number}.example" for number in range(51))
    assert "At most 50 sites." in desk.send(DESK, allowed="listed", sites=many, seen="x=y").text
