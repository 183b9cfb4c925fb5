"""What `make run` starts, as somebody meets it who has just unpacked the program: real processes, an empty folder."""

import html
import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from petition.base import settings
from tests.cast import free_port

ROOT = Path(__file__).parents[2]
#: A minute is promised for a first start with everything that is to be downloaded at hand; three seconds for others,
#: on two quiet cores. Machines that run tests are not quiet.
FIRST_START, LATER_START = 60, 10
CAMPAIGN = "/en/campaigns/reinstate-the-ondavelle-workers"


class Run:
    """`petition run --prepare` in a folder, from start to Ctrl-C."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.said_to = folder / f"said-{time.monotonic_ns()}"
        # As a person's shell has it: nothing is set but the port.
        known = {name for name, _, _ in settings.table()}
        environment = {name: value for name, value in os.environ.items() if name not in known}
        environment |= {"PORT": str(port), "PYTHONPATH": str(ROOT)}
        self.began = time.monotonic()
        with self.said_to.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "petition", "run", "--prepare"], cwd=folder, env=environment, stdout=file,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        """All it has printed so far."""
        return self.said_to.read_text()

    def until_up(self, seconds: float) -> float:
        """Wait for the addresses; how long it took."""
        while "Stop with Ctrl-C." not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() - self.began < seconds, self.said()
            time.sleep(0.02)
        return time.monotonic() - self.began

    def address(self, name: str) -> str:
        """A printed address."""
        found = re.search(rf"{name}: +(http://localhost:{self.port}/\S*)", self.said())
        assert found, self.said()
        return found.group(1)

    def processes(self) -> set[int]:
        """It and all that it has started."""
        found, new = set[int](), {self.process.pid}
        while new:
            found |= new
            lists = [file.read_text() for pid in new for file in Path(f"/proc/{pid}/task").glob("*/children")]
            new = {int(pid) for pid in " ".join(lists).split()} - found
        return found

    def press_ctrl_c(self) -> int:
        """What the terminal does: the signal goes to a whole group at once."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(15)

    def end(self) -> None:
        """Leave nothing behind, whatever a test has found."""
        for pid in self.processes() if self.process.poll() is None else ():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(15)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program is run: a folder that was empty at the first start."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def runs() -> Iterator[list[Run]]:
    """All starts of the tests of this page."""
    started: list[Run] = []
    yield started
    for one in started:
        one.end()


@pytest.fixture
def run(runs: list[Run], folder: Path) -> Run:
    """One that is up: the first start, or a later one where a test has stopped it."""
    if not runs or runs[-1].process.poll() is not None:
        runs.append(Run(folder, free_port()))
        runs[-1].until_up(FIRST_START)
    return runs[-1]


def read(address: str, form: dict[str, str] | None = None) -> tuple[str, str]:
    """A page as a browser without cookies reads it, redirects followed; its address and its text."""
    opener = build_opener(HTTPCookieProcessor(CookieJar(DefaultCookiePolicy(allowed_domains=[]))))
    with opener.open(address, urlencode(form).encode() if form else None, timeout=10) as answer:
        return answer.url, html.unescape(answer.read().decode())


def total(run: Run) -> int:
    """The total on the campaign's page, once the page is fresh."""
    time.sleep(1.1)
    _, page = read(f"http://localhost:{run.port}{CAMPAIGN}")
    found = re.search(r"([\d,]+)\s+people", re.sub(r"<[^>]+>|\s+", " ", page))
    assert found
    return int(found.group(1).replace(",", ""))


def test_the_first_start_shows_a_site_with_a_demo(run: Run, folder: Path) -> None:
    _, front = read(run.address("The site"))
    assert CAMPAIGN in front
    assert len(set(re.findall(r'href="/en/articles/([a-z0-9-]+)"', front))) >= 2
    assert (folder / "instance" / "keys.json").stat().st_mode & 0o777 == 0o600


def test_a_visitor_signs_reads_the_letter_presses_the_button_and_is_counted(run: Run) -> None:
    before = total(run)
    site = f"http://localhost:{run.port}"
    _, page = read(site + CAMPAIGN)
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    typed = {"name": "Zebulon Quokka", "email": "zebulon@example.org", "country": "IE", "appear": "hidden",
             "token": token.group(1)}  # fmt: skip
    inbox, _ = read(site + CAMPAIGN, typed)
    assert "/inbox/" in inbox
    own = the_link(run)
    assert total(run) == before
    _, page = read(own)
    assert "Zebulon Quokka" in page
    row = re.search(r'name="row" value="(\d+)"', page)
    assert row
    thanks, _ = read(own.partition("?")[0] + "/confirm", {"row": row.group(1)})
    assert "/thanks/" in thanks
    assert total(run) == before + 1


def the_link(run: Run) -> str:
    """The link in the newest letter on the page of kept letters, once the worker has put it there."""
    kept = run.address("Letters kept")
    end = time.monotonic() + 15
    while time.monotonic() < end:
        _, page = read(kept)
        letters = re.findall(rf'href="({urlsplit(kept).path}/\d+)"', page)
        if letters:
            _, letter = read(f"http://localhost:{run.port}{letters[0]}")
            found = re.search(rf"http://localhost:{run.port}/t/[^\s<\"]+", letter)
            assert found
            return found.group(0)
        time.sleep(0.1)
    raise AssertionError("no letter came")


def test_a_taken_port_is_a_sentence(run: Run, folder: Path) -> None:
    second = Run(folder, run.port)
    code = second.process.wait(20)
    assert code == 2
    assert second.said() == (
        f"petition: Port {run.port} on 127.0.0.1 is taken; stop what uses it, or choose another: PORT={run.port + 1}\n"
    )


def test_what_is_kept_on_the_machine_is_for_its_user_alone(run: Run, folder: Path) -> None:
    kept = [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("said-")]
    assert {"petition.db", "keys.json"} <= {file.name for file in kept}
    assert {oct(file.stat().st_mode & 0o077) for file in kept} == {"0o0"}


def test_ctrl_c_stops_all_of_it_and_a_second_start_is_fast_and_keeps_the_data(run: Run, folder: Path) -> None:
    before, port = total(run), free_port()
    assert_ctrl_c_stops(run)
    again = Run(folder, port)
    try:
        again.until_up(LATER_START)
        assert total(again) == before
        assert urlsplit(again.address("Letters kept")).path == urlsplit(run.address("Letters kept")).path
        assert "Made a key ring" not in again.said()
        assert_ctrl_c_stops(again)
    finally:
        again.end()


def assert_ctrl_c_stops(run: Run) -> None:
    """All of it, at once, without a word."""
    processes = run.processes()
    assert len(processes) >= 3
    assert run.press_ctrl_c() == 0
    assert [pid for pid in processes if Path(f"/proc/{pid}").exists()] == []
    assert run.said().endswith("Stop with Ctrl-C.\n\n")
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", run.port).request("GET", "/")
