"""What others try through a browser: scanners that press links, typed scripts, addresses that leak (security.md)."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from petition import articles, drafts
from petition.articles import Draft as ArticleDraft
from petition.base import db, maildir
from petition.signatures import PendingSignature
from tests.browser.site import CREW, Site, letter_name, pages
from tests.cast import TERMS
from tests.web.steps import everything

#: What has worked against one site or another; each would set `window.__xss`.
PAYLOADS = [
    "<script>window.__xss=1</script>", "<ScRiPt>__xss=1</sCrIpT>", "<script src=//evil.example></script>",
    "<scr<script>ipt>__xss=1</scr</script>ipt>", "</title><script>__xss=1</script>",
    "</textarea><script>__xss=1</script>",
    "</option></select><script>__xss=1</script>", "</pre><script>__xss=1</script>", "--><script>__xss=1</script>",
    "]]><script>__xss=1</script>", "<img src=x onerror=__xss=1>", "<img src=x onerror=\"__xss=1\"//",
    "<img/src=x/onerror=__xss=1>", "<IMG \"\"\"><SCRIPT>__xss=1</SCRIPT>\">", "<svg onload=__xss=1>",
    "<svg/onload=__xss=1//", "<svg><script>__xss=1</script></svg>",
    "<svg><animate onbegin=__xss=1 attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:__xss=1><text>x</text></a></svg>", "<math><mi//xlink:href=\"javascript:__xss=1\">x",
    "<body onload=__xss=1>", "<body onpageshow=__xss=1>", "<iframe src=javascript:parent.__xss=1>",
    "<iframe srcdoc=\"<script>parent.__xss=1</script>\">", "<object data=javascript:__xss=1>",
    "<embed src=javascript:__xss=1>",
    "<input autofocus onfocus=__xss=1>", "<select autofocus onfocus=__xss=1>", "<details open ontoggle=__xss=1>x",
    "<video><source onerror=__xss=1></video>", "<marquee onstart=__xss=1>x</marquee>", "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=javascript:__xss=1>", "<style>@import'//evil.example'</style>",
    "<link rel=stylesheet href=//evil.example>", "<form action=javascript:__xss=1><button autofocus>x</button></form>",
    "\" autofocus onfocus=\"__xss=1", "' onmouseover='__xss=1' x='", "javascript:__xss=1",
    "{{constructor.constructor('__xss=1')()}}",
    "${__xss=1}", "{% set x = 1 %}{{ 7*7 }}", "<noscript><p title=\"</noscript><img src=x onerror=__xss=1>\">",
    "<template><script>__xss=1</script></template>",
]  # fmt: skip
FIELDS = ("name", "place", "role", "organisation", "comment")
#: What only a payload could have put into a page: handlers, scripts, frames and addresses that are not ours.
PLANTED = """() => { const found = [];
    for (const one of document.querySelectorAll("*")) {
        for (const { name, value } of one.attributes) {
            if (name.startsWith("on") || name === "srcdoc" || name === "style") found.push(one.outerHTML.slice(0, 120));
            if (/^(href|src|action|data|xlink:href)$/.test(name)) {
                const to = new URL(value, document.baseURI);
                if (to.protocol !== location.protocol && to.protocol !== "mailto:" && to.protocol !== "https:"
                    || to.host === "evil.example") found.push(one.outerHTML.slice(0, 120));
            }
        }
        if (one.matches("script:not([src^='/static/']):not([type='application/ld+json']), base, object, embed,"
                + " meta[http-equiv], style"))
            found.push(one.outerHTML.slice(0, 120));
    }
    if (window.__xss) found.push("a script has run");
    return found }"""


def stored(site: Site) -> dict[str, list[tuple[object, ...]]]:
    """Everything but what the worker does by itself: letters settled, moves numbered and folded into tallies."""
    own_doing = {"letter", "move", "tally", "register_head", "mailbox_day", "share_picture"}
    with site.app.app_context():
        found = everything()
        assert own_doing < found.keys()
        # A letter is in its folder before the worker has written down that it is.
        columns = [one for one in PendingSignature.__table__.columns if one.name not in ("asked_at", "reminded_at")]
        found["pending_signature"] = sorted(map(repr, db.session.execute(select(*columns)).all()))
        db.session.remove()
    return {name: rows for name, rows in found.items() if name not in own_doing}


def test_a_scanner_that_runs_scripts_and_follows_every_link_confirms_nothing(site: Site, page: Page) -> None:
    with site.app.app_context():
        site.cast.sign("scanned@example.org", slug=CREW)
        db.session.remove()
    href = re.search(r"/t/\S+", site.letter("scanned@example.org").text)
    assert href
    before = stored(site)
    total = site.total()
    page.goto(href[0], wait_until="networkidle")
    found: list[str] = page.evaluate("""() => [...document.querySelectorAll("[href], [src], [action]")]
        .map(one => one.getAttribute("href") || one.getAttribute("src") || one.getAttribute("action"))""")
    assert any(one.endswith("/confirm") for one in found), "the scanner sees the button's address"
    for address in dict.fromkeys(found):
        if address.endswith((".json", ".css", ".js", ".svg")):
            page.request.get(address)
        else:
            page.goto(address, wait_until="domcontentloaded")
    page.goto(href[0], wait_until="networkidle")
    # Nothing on the page waits to press itself: some seconds pass with its script running.
    page.wait_for_timeout(3_000)
    assert stored(site) == before
    assert site.total() == total
    expect(page.locator("[action$='/confirm'] button")).to_be_visible()


@pytest.fixture(scope="module")
def typed(site: Site) -> list[tuple[str, str]]:
    """Every payload typed into every field of a form, confirmed: with the path of its own page."""
    found: list[tuple[str, str]] = []
    with site.app.app_context():
        site.cast.campaign("typed", asks=dict.fromkeys(("place", "role", "organisation", "comment"), "optional"))
        for number, payload in enumerate(PAYLOADS):
            data = dict.fromkeys(FIELDS, payload) | {"country": ""}
            answer = site.cast.sign(f"typed{number}@example.org", slug="typed", **data)
            assert answer.status_code == 303, payload
        db.session.remove()
    for number, payload in enumerate(PAYLOADS):
        href = re.search(r"/t/[^\s?]+", site.letter(f"typed{number}@example.org").text)
        assert href
        found.append((payload, href[0]))
    return found


def words(text: str) -> str:
    """Text without its blanks, which pages may set differently."""
    return re.sub(r"\s+", "", text)


def test_what_is_typed_stands_as_text_on_the_own_page_before_and_after_the_button(
    typed: list[tuple[str, str]], site: Site, page: Page
) -> None:
    for payload, own in typed:
        page.goto(own)
        assert words(page.locator("main").inner_text()).count(words(payload)) >= len(FIELDS), payload
        assert page.evaluate(PLANTED) == [], payload
    page.locator("[action$='/confirm'] button").click()
    page.wait_for_url("**/thanks/*")
    assert page.evaluate(PLANTED) == []
    with site.app.app_context():
        for _payload, own in typed[:-1]:
            row = re.search(r'name="row" value="(\d+)"', site.cast.browser().get(own).text)
            assert row
            assert site.cast.browser().post(own + "/confirm", data={"row": row[1]}).status_code == 303
        db.session.remove()
    for payload, own in typed:
        page.goto(own)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert words(page.locator(".facts").inner_text()).count(words(payload)) == len(FIELDS), payload
        for field in FIELDS:
            assert page.locator(f"#f-{field}").input_value() == payload
        assert page.evaluate(PLANTED) == [], payload


def test_what_is_typed_stands_as_text_in_letters(typed: list[tuple[str, str]], site: Site, page: Page) -> None:
    letters = {letter.to: letter for letter in maildir.Maildir(site.settings).kept(500) if "/t/" in letter.text}
    for number, (payload, _own) in enumerate(typed):
        letter = letters[f"typed{number}@example.org"]
        assert payload in letter.text
        # Bare, as in a mail program without any wall of ours: neither policy nor sandbox holds it.
        page.set_content(letter.html)
        assert words(payload) in words(page.locator("body").inner_text())
        assert page.evaluate(ALIVE) == [], payload
    page.goto(f"{site.kept}/{letter_name(maildir.Maildir(site.settings).kept(1)[0])}")
    expect(page.frame_locator("iframe").locator("h1")).to_be_visible()
    assert page.evaluate(PLANTED) == []


#: What could run in a letter: its own style sheet is all it brings along.
ALIVE = """() => { const found = [...document.querySelectorAll("*")].filter(one =>
        [...one.attributes].some(({ name }) => name.startsWith("on"))
        || one.matches("script, iframe, object, embed, img")
        || one.href && !/^(https?|mailto):/.test(one.href)).map(one => one.outerHTML.slice(0, 120));
    if (window.__xss) found.push("a script has run");
    return found }"""


def test_what_is_typed_and_refused_stands_as_text_in_the_form_again(site: Site, page: Page) -> None:
    for start in range(0, len(PAYLOADS), len(FIELDS)):
        some = dict(zip(FIELDS, PAYLOADS[start : start + len(FIELDS)], strict=False))
        for broken in ("email", "token"):
            page.goto(f"/en/campaigns/{CREW}")
            with page.expect_navigation():
                page.evaluate(
                    """([typed, broken]) => { const form = document.forms[0];
                        for (const name in typed) form[name].value = typed[name];
                        form[broken].value = "none"; HTMLFormElement.prototype.submit.call(form) }""",
                    [some, broken],
                )
            for field, payload in some.items():
                assert page.locator(f"#f-{field}").input_value() == payload
            assert page.evaluate(PLANTED) == [], some


def test_an_organiser_s_markdown_runs_nothing_and_loads_nothing_from_elsewhere(site: Site, page: Page) -> None:
    lines = [*PAYLOADS, *(f"[x]({one})" for one in PAYLOADS), *(f"![x]({one})" for one in PAYLOADS)]
    more = [
        "[x](//evil.example)", "[x](/\\evil.example)", "![x](https://evil.example/a.png)", "[x](data:text/html,x)",
        "<https://good.example/\"onmouseover=__xss=1>", "[x]: javascript:__xss=1\n\n[x]", "[x](https:evil.example)",
    ]  # fmt: skip
    # The last link of the page is a good one: what is refused is the address, not linking.
    source = "\n\n".join([*lines, *more, "[good](https://good.example/)"])
    first, second = PAYLOADS[0], PAYLOADS[10]
    with site.app.app_context():
        made = site.cast.campaign(
            "markdown", texts={"en": drafts.Text(first, second, PAYLOADS[14], source)}, terms=TERMS,
            outcome={"en": second},
        )  # fmt: skip
        draft = ArticleDraft("markdown", "en", {"en": articles.Text(first, second, source)}, first, made.id, db.now())
        articles.save(draft, "a test")
        db.session.commit()
        db.session.remove()
    for address in ("/en/campaigns/markdown", "/en/articles/markdown", "/en/", "/en/campaigns/markdown/privacy",
                    "/en/campaigns/markdown/link"):  # fmt: skip
        page.goto(address, wait_until="networkidle")
        assert first in page.locator("main").inner_text(), address
        assert page.evaluate(PLANTED) == [], address
        if address.endswith("s/markdown"):
            assert page.locator(".text a").last.get_attribute("href") == "https://good.example/"
            assert PAYLOADS[20] in page.locator("main").inner_text()


def test_the_eye_for_planted_scripts_is_awake(page: Page) -> None:
    page.goto("/en/")
    page.evaluate("""() => { document.body.insertAdjacentHTML("beforeend",
        "<a href='javascript:1'>x</a><a href='//evil.example/'>x</a>"); window.__xss = 1 }""")
    assert len(page.evaluate(PLANTED)) == 3


@pytest.mark.parametrize("name", ["own", "inbox", "thanks", "campaign"])
def test_a_page_with_a_secret_in_its_address_tells_nobody_where_one_came_from(
    name: str, site: Site, browser: Browser
) -> None:
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    address = pages()[name if name != "own" else "own, one"](site)
    page.goto(address)
    hrefs: list[str] = page.evaluate("[...document.querySelectorAll('main a[href], footer a[href]')].map(a => a.href)")
    leaving = {urlsplit(href).netloc: href for href in hrefs if href.startswith("http") and "#" not in href}
    assert leaving
    told = set()
    for href in leaving.values():
        context.unroute_all()
        page.goto(address)
        # Whatever is pressed ends here and reaches nobody.
        context.route("**/*", _end_here)
        with page.expect_navigation():
            page.evaluate("to => [...document.querySelectorAll('a')].find(a => a.href === to).click()", href)
        assert page.url == href
        told.add(page.evaluate("document.referrer"))
    # A public page tells its own site alone, which also shows that this test can see.
    assert told == ({site.url + address} if name == "campaign" else {""})
    context.close()


def _end_here(route: Route) -> None:
    route.fulfill(body="<!doctype html><title>x</title>", content_type="text/html")
