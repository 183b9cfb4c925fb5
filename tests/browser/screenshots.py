"""Take the pictures of the README: `python -m tests.browser.screenshots DIR`.

Starts the site in an empty folder, as `make run` does, and walks from the front page to the thanks: on a telephone
and on a desk, in light and dark.
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.test_make_run import Run
from tests.cast import free_port

WIDTHS = {360: 740, 1280: 720}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CAMPAIGN = "/en/campaigns/bring-the-corvane-crew-home"
ARTICLE = "/en/articles/eleven-months-at-anchor"
#: A picture in the repository is for ever; it weighs little.
MOST_BYTES = 150_000


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
            browser.close()
        finally:
            run.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
