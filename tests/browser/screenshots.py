"""Take the pictures of the README and of docs/pages.md: `python -m tests.browser.screenshots DIR`.

Starts the site in an empty folder, as `make run` does, and walks from the front page to the thanks: on a telephone
and on a desk, in light and dark. Then every other kind of page, and the desk, whose first account the command invites.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.test_desk_people import PASSWORD, press, set_up
from tests.browser.test_make_run import ROOT, Run
from tests.cast import free_port

WIDTHS = {360: 740, 1280: 720}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CAMPAIGN = "/en/campaigns/bring-the-corvane-crew-home"
ARTICLE = "/en/articles/eleven-months-at-anchor"
#: The other pages, each seen once: on a telephone in light, on a wide screen in dark.
PAGES = {
    "articles": "/en/articles/", "topic": "/en/topics/health-at-work", "mixed": "/en/articles/carta-desde-el-toldo",
    "events": "/en/events/",
    "signatories": f"{CAMPAIGN}/signatories", "organisations": f"{CAMPAIGN}/endorsements",
    "endorse": f"{CAMPAIGN}/endorse", "campaign-ended": "/en/campaigns/keep-the-vellmarch-clinic",
    "campaign-arabic": "/ar/campaigns/bring-the-corvane-crew-home", "front-spanish": "/es/",
    "poster": f"{CAMPAIGN}/poster", "join": "/en/join", "how-we-count": "/en/how-we-count",
    "privacy": "/en/privacy", "embed": "/embed/en/campaigns/bring-the-corvane-crew-home",
    "put-it-on-your-site": f"{CAMPAIGN}/embed", "open-figures": "/en/api", "not-found": "/en/nothing",
}  # fmt: skip
_AT_THE_DESK = "/desk/campaigns/bring-the-corvane-crew-home"
DESK = {
    "desk": "/desk/", "desk-campaign": _AT_THE_DESK, "desk-texts": f"{_AT_THE_DESK}/texts/en",
    "desk-look": f"{_AT_THE_DESK}/look", "desk-run": f"{_AT_THE_DESK}/run", "desk-new": "/desk/campaigns/new",
    "desk-signatures": f"{_AT_THE_DESK}/signatures", "desk-decisions": f"{_AT_THE_DESK}/decisions",
    "desk-take-out": f"{_AT_THE_DESK}/exports/new", "desk-together": f"{_AT_THE_DESK}/together",
    "desk-embedding": f"{_AT_THE_DESK}/embedding", "desk-partners": f"{_AT_THE_DESK}/partners/portchaplains",
    "desk-articles": "/desk/articles", "desk-article": "/desk/articles/new", "desk-journal": f"{_AT_THE_DESK}/journal",
    "desk-account": "/desk/account",
}  # fmt: skip
#: A picture in the repository is for ever; it weighs little.
MOST_BYTES = 180_000


class Camera:
    """Takes pictures of one window, named by page, width and scheme."""

    def __init__(self, page: Page, folder: Path, name: str) -> None:
        self.page, self.folder, self.name = page, folder, name

    def take(self, what: str) -> None:
        """What stands in the window now."""
        path = self.folder / f"{what}-{self.name}.png"
        self.page.screenshot(path=path, animations="disabled")
        if path.stat().st_size > MOST_BYTES:
            raise SystemExit(f"{path} weighs {path.stat().st_size} bytes, more than {MOST_BYTES}.")


def walk(camera: Camera, run: Run, email: str) -> None:
    """From the front page to the thanks."""
    page, home = camera.page, run.address("The site").rstrip("/")
    for what, path in (("front", "/en/"), ("article", ARTICLE), ("campaign", CAMPAIGN)):
        page.goto(home + path)
        camera.take(what)
    page.fill("form[method=post] [name=name]", "Ana Beltrán")
    page.fill("form[method=post] [name=email]", email)
    page.select_option("form[method=post] [name=country]", "IE")
    with page.expect_navigation(url=re.compile("/inbox/")):
        page.click("form[method=post] button")
    camera.take("inbox")
    page.goto(link_to(page, run, email))
    camera.take("own")
    with page.expect_navigation(url=re.compile("/thanks/")):
        page.click('form[action$="/confirm"] button')
    camera.take("thanks")


def link_to(page: Page, run: Run, email: str) -> str:
    """The link in the letter to an address, once it is there."""
    for _ in range(100):
        page.goto(run.address("Letters kept"))
        letter = page.locator("li, tr", has_text=email).locator("a").first
        if letter.count():
            letter.click()
            found = re.search(rf"http://localhost:{run.port}/t/[^\s<\"]+", page.content())
            if found:
                return found.group(0).replace("&amp;", "&")
        page.wait_for_timeout(100)
    raise SystemExit("The letter did not come.")


def everything(browser: Browser, folder: Path, run: Run) -> None:
    """Every other kind of page, and the desk."""
    href, address = invite(run)
    home = f"http://localhost:{run.port}"
    state: dict[str, object] = {}
    for width, scheme in ((360, "light"), (1280, "dark")):
        context = browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]}, color_scheme=scheme, locale="en-IE", base_url=home,
            storage_state=state or None,
        )  # fmt: skip
        camera = Camera(context.new_page(), folder, f"{width}-{scheme}")
        if not state:
            come_in(camera.page, href, address)
        for what, path in (PAGES | DESK).items():
            camera.page.goto(path)
            camera.take(what)
        state = context.storage_state()
        context.close()


def invite(run: Run) -> tuple[str, str]:
    """The first account's invitation, as the command prints it, and its address. The demo's campaigns are its own."""
    address = "ana@example.org"
    where = {"cwd": run.said_to.parent, "env": os.environ | {"PORT": str(run.port), "PYTHONPATH": str(ROOT)}}
    command = [sys.executable, "-m", "petition", "account"]
    said = subprocess.run([*command, "invite", address, "--admin"], check=True, text=True, capture_output=True, **where)
    found = re.search(r"http://localhost:\d+(/desk/welcome/\S+)", said.stdout)
    assert found, said.stdout
    return found[1], address


def come_in(page: Page, href: str, address: str) -> None:
    """From the invitation to the first page of the desk, and into the team of a campaign."""
    page.goto(href)
    page.get_by_label("Your name").fill("Ana Beltrán")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    press(page, "Go on")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    set_up(page)
    press(page, "Make my recovery codes")
    page.get_by_role("link", name="to the desk").click()
    # An administrator sees a campaign's people only as one of its team, and the journal says who came into it.
    page.goto(f"{_AT_THE_DESK}/team")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_role("radio", name="Owner").check()
    page.get_by_label("Why").fill("I run this campaign.")
    press(page, "Add to the team")


def main(folder: Path) -> None:
    """All pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as empty, sync_playwright() as playwright:
        run = Run(Path(empty), free_port())
        try:
            run.until_up(120)
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
            for width, height in WIDTHS.items():
                for scheme in SCHEMES:
                    size = {"width": width, "height": height}
                    page = browser.new_page(viewport=size, color_scheme=scheme, locale="en-IE")
                    walk(Camera(page, folder, f"{width}-{scheme}"), run, f"ana-{width}-{scheme}@example.org")
            everything(browser, folder, run)
            browser.close()
        finally:
            run.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
