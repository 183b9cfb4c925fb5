"""The real site in a real Chromium: every window is watched, and nothing it does may be a fault."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.browser.site import Site, serving

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE = {"width": 360, "height": 740}
#: Says on the console what the content security policy has refused, in every frame.
TELL = """document.addEventListener("securitypolicyviolation",
    one => console.error("violation: " + one.violatedDirective + " " + one.blockedURI))"""
STATUS = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for the browser is marked so."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site, served as in production but for SQLite and letters in a folder."""
    with serving(tmp_path_factory.mktemp("site")) as served:
        yield served


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Where it is missing tests skip and say so; in CI that is a failure."""
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield started
        started.close()


class Watch:
    """What the windows of one context say, ask for and keep."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.context, self.home = context, home
        self.said: list[str] = []
        self.foreign: list[str] = []
        self.documents: set[str] = set()
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.said.append(str(error.error)))
        context.add_init_script(TELL)

    def _request(self, request: Request) -> None:
        if request.is_navigation_request():
            self.documents.add(request.url.partition("#")[0])
        if not request.url.startswith((self.home + "/", "data:", "about:")):
            self.foreign.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        # A page that answers "there is nothing here" is no fault of the page; a missing style sheet is.
        if STATUS.match(message.text) and message.location["url"] in self.documents:
            return
        self.said.append(message.text)

    def stored(self) -> list[Any]:
        """Cookies and storage that any page has left behind."""
        left = self.context.storage_state()
        found = [*left["cookies"], *left["origins"]]
        for page in self.context.pages:
            if page.url.startswith(self.home):
                found += page.evaluate("Object.keys(window.sessionStorage)")
        return found

    def check(self) -> None:
        """Nothing wrong was said, nobody else was asked, nothing was stored."""
        assert self.said == []
        assert self.foreign == []
        assert self.stored() == []


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens windows with options of a browser context; all of them are held to `Watch.check` in the end."""
    watched: list[Watch] = []

    def open_one(**options: Any) -> Page:
        given: dict[str, Any] = {"viewport": PHONE, "reduced_motion": "reduce", "base_url": site.url}
        context = browser.new_context(**(given | options))
        context.set_default_timeout(PATIENCE)
        watched.append(Watch(context, site.url))
        return context.new_page()

    yield open_one
    for one in watched:
        one.check()
        one.context.close()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A window of a phone."""
    return open_page()
