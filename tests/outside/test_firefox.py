"""A campaign on another site in Debian's Firefox, whose third-party cookies are refused: `make outside`, not in CI.

What is tried here in short, tests/browser/test_embeds.py tries at length in Chromium.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import site
from tests.browser.site import CREW, GARDEN, Site
from tests.browser.test_embeds import Host, bare, host, linked
from tests.outside.firefox import ENTER, TAB, Firefox, running, until

__all__ = ["host", "site"]


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """With scripts."""
    with running(tmp_path_factory.mktemp("firefox")) as started:
        yield started


def fits(firefox: Firefox, place: int = 0) -> bool:
    """Whether a frame has the height of its page."""
    with firefox.frame(place):
        inner = firefox.run("return Math.ceil(document.documentElement.getBoundingClientRect().height)")
    return bool(inner > 100 and abs(inner - firefox.height(place)) <= 1)


def sign(firefox: Firefox, email: str) -> None:
    """Fill in the form of the frame that is entered, send it wrong and then right."""
    firefox.type("[name=name]", "Ana Beltrán")
    firefox.type("[name=email]", "nobody@")
    firefox.type("[name=country]", "Ireland")
    firefox.click("form button")
    assert firefox.shown("#errors")
    firefox("WebDriver:ElementClear", id=firefox.one("[name=email]"))
    firefox.type("[name=email]", email)
    firefox.click("form button")
    until(lambda: firefox.text("h1") == "Check your inbox")


def test_in_firefox_the_loader_makes_a_frame_of_the_right_height_in_which_one_signs(
    firefox: Firefox, site: Site, host: Host
) -> None:
    """S60, S61: two of them, each its own height; nothing is stored."""
    more = 'data-size="compact" data-theme="dark"'
    firefox.open(
        host.page("<p>" + "Above. " * 400 + "</p>" + linked(site) + linked(site, f"/en/campaigns/{CREW}", more))
    )
    until(lambda: fits(firefox, 0) and fits(firefox, 1))
    assert not firefox.shown("a[data-petition]")
    before = firefox.height()
    assert before != firefox.height(1)
    with firefox.frame():
        firefox.click("details summary")
    until(lambda: firefox.height() > before and fits(firefox))
    with firefox.frame():
        sign(firefox, "firefox@example.org")
    until(lambda: firefox.height() < before and fits(firefox))
    assert "/embed/" not in site.letter("firefox@example.org").text
    firefox.open(f"{site.url}/en/campaigns/{GARDEN}")
    assert firefox("WebDriver:GetCookies") == []
    assert firefox.run("return localStorage.length + sessionStorage.length") == 0


def test_in_firefox_one_signs_in_the_frame_by_keys_alone(firefox: Firefox, site: Site, host: Host) -> None:
    """From the host's page into the frame and through its form, without a mouse."""
    firefox.open(host.page('<p><a href="#first" id="first">First</a></p>' + bare(site)))
    firefox.one("iframe")
    firefox.run("document.getElementById('first').focus()")
    firefox.keys(TAB)
    with firefox.frame():
        for name, typed in {"name": "Ana Beltrán", "email": "keys@example.org", "country": "Irel"}.items():
            for _ in range(20):
                if firefox.focused() == name:
                    break
                firefox.keys(TAB)
            assert firefox.focused() == name
            firefox.keys(typed)
        for _ in range(20):
            if firefox.focused("localName") == "button":
                break
            firefox.keys(TAB)
        firefox.keys(ENTER)
        until(lambda: firefox.text("h1") == "Check your inbox")
    assert site.letter("keys@example.org")


@pytest.mark.parametrize("sandbox", ["", 'sandbox="allow-forms"'])
def test_in_firefox_without_scripts_one_signs_in_any_sandbox_that_lets_forms_through(
    site: Site, host: Host, tmp_path: Path, sandbox: str
) -> None:
    """S14, S60."""
    email = f"no-script-{len(sandbox)}@example.org"
    with running(tmp_path, javascript__enabled=False) as firefox:
        firefox.open(host.page(bare(site, more=sandbox) + '<noscript><i id="off">off</i></noscript>'))
        assert firefox.all("#off")
        with firefox.frame():
            sign(firefox, email)
    assert site.letter(email)


def test_firefox_frames_no_page_but_the_frame(firefox: Firefox, site: Site, host: Host) -> None:
    """S60, D3: and the link stays where the campaign cannot be framed."""
    for path in (f"/en/campaigns/{GARDEN}", site.links["one"], "/desk/sign-in"):
        firefox.open(host.page(bare(site, path)))
        with firefox.frame():
            assert firefox.run("return document.documentURI").startswith("about:neterror?e=cspBlocked"), path
    firefox.open(host.page(linked(site, "/en/campaigns/none")))
    assert firefox.shown("a[data-petition]")
    assert not firefox.shown("iframe")
