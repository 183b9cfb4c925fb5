"""The page about the open figures says nothing that does not work: its commands and its snippet are taken from it and
run as they stand there (S62)."""

import csv
import html
import json
import os
import re
import shlex
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.site import Site

needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None and not os.environ.get("CI"), reason="there is no curl on this machine"
)


def shown(site: Site, kind: str, language: str = "en") -> list[str]:
    """What stands on the page, letter for letter."""
    with urllib.request.urlopen(f"{site.url}/{language}/api") as answer:
        page = answer.read().decode()
    return [html.unescape(found) for found in re.findall(rf'<code class="{kind}">(.*?)</code>', page, re.DOTALL)]


def run(command: str, folder: Path) -> str:
    """What a reader gets who pastes it; curl's own failures count, a status that is an error too."""
    name, *words = shlex.split(command)
    assert name == "curl"
    done = subprocess.run([name, "--fail", "--silent", "--show-error", *words], cwd=folder, check=True,
                          capture_output=True, text=True, timeout=30)  # fmt: skip
    return done.stdout


@needs_curl
def test_every_command_on_the_page_does_what_it_says(site: Site, tmp_path: Path) -> None:
    commands = shown(site, "command")
    assert len(commands) == 8
    said = [run(command, tmp_path) for command in commands]
    listed, one, totals, _to_file, series, divided, lists, _if_new = said
    assert {"slug", "total", "texts"} <= json.loads(listed)["campaigns"][0].keys()
    assert json.loads(one)["slug"] == json.loads(totals)["campaign"] == json.loads(divided)["campaign"]
    with (tmp_path / "totals.csv").open(newline="") as file:
        assert list(csv.reader(file))[:2] == [["channel", "signatures"], ["", str(json.loads(totals)["total"])]]
    assert series.startswith('"day","signatures"')
    assert [next(iter(json.loads(line))) for line in lists.splitlines()] == ["articles", "events"]
    assert (tmp_path / "totals.json").read_text() == totals


@needs_curl
def test_asked_again_nothing_comes_while_nothing_is_new(site: Site, tmp_path: Path) -> None:
    """The last command, run twice: the second time 304."""
    command = shown(site, "command")[-1] + " -w '%{http_code}'"
    assert [run(command, tmp_path), run(command, tmp_path)] == ["200", "304"]
    assert json.loads((tmp_path / "totals.json").read_text())["total"] >= 0


def test_the_page_shows_the_same_commands_in_every_language(site: Site) -> None:
    assert shown(site, "command") == shown(site, "command", "es")


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_said: object) -> None:
        """Nothing."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """Another site, which serves a folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_snippet_shows_the_total_on_another_site(
    site: Site, browser: Browser, elsewhere: str, tmp_path: Path
) -> None:
    """Cookies refused; where scripts do not run, the link stays."""
    (snippet,) = shown(site, "snippet")
    (tmp_path / "index.html").write_text(f"<!doctype html><title>A newspaper</title>{snippet}")
    found = re.search(r"/campaigns/([^/]+)/totals", snippet)
    assert found
    for scripts in (True, False):
        context = browser.new_context(java_script_enabled=scripts)
        page = context.new_page()
        page.goto(elsewhere)
        wanted = f"{site.total(found[1]):,}" if scripts else ""
        expect(page.locator("#petition-total")).to_have_text(wanted)
        assert page.get_by_role("link").get_attribute("href") == f"{site.url}/en/campaigns/{found[1]}"
        assert context.cookies() == []
        context.close()
