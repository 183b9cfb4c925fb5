"""Two web processes and two workers against one PostgreSQL, as on several machines: what they share is the database,
the settings and the keys."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition import erasures, register, signatures
from petition.base import db, settings
from petition.base.maildir import Maildir
from petition.base.outbox import Letter
from petition.cli.worker import LESS_URGENT
from petition.register import Move
from tests.cast import Cast, form_token, free_port, link_in
from tests.cli.conftest import Petition, petition, settings_of  # noqa: F401  # the console script, as fixtures
from tests.web import endorsing

ROOT = Path(__file__).parents[2]
PAGE = "/en/campaigns/canteen"
SIGNERS = 24
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Web:
    """One web process, asked over the network."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, typed: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {"Host": "localhost", "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, urlencode(typed) if typed is not None else None, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except OSError:
            return False


def until(ready: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
        db.session.remove()


@pytest.fixture
def webs(app: Flask, cast: Cast, database_url: str, keys_file: Path, tmp_path: Path) -> Iterator[list[Web]]:
    """Two web processes; two workers beside them that share a list of erasures, as on one machine."""
    cast.campaign()
    db.session.remove()
    ports = [free_port(), free_port()]
    given = {
        **os.environ, "DATABASE_URL": database_url, "KEYS_FILE": str(keys_file), "PYTHONPATH": str(ROOT),
        "LETTERS_DIR": str(tmp_path / "letters"), "ERASURES_FILE": str(tmp_path / "erasures"),
        "BASE_URL": "http://localhost", "PAGE_CACHE": "0",
    }  # fmt: skip
    words = [["run", "--web-only"], ["run", "--web-only"], ["worker"], ["worker"]]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "petition", *one], cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL,
            env=given | {"PORT": str(port)},
        )
        for one, port in zip(words, [*ports, 8000, 8000], strict=True)
    ]  # fmt: skip
    webs = [Web(port) for port in ports]
    try:
        until(lambda: all(web.is_up() for web in webs))
        # Readers come first on a machine that both share.
        mine = os.getpriority(os.PRIO_PROCESS, 0)
        urgent = [min(mine + more, 19) for more in (0, 0, LESS_URGENT, LESS_URGENT)]
        until(lambda: [os.getpriority(os.PRIO_PROCESS, one.pid) for one in started] == urgent)
        yield webs
    finally:
        for one in started:
            one.send_signal(signal.SIGINT)
        assert [one.wait(30) for one in started] == [0, 0, 0, 0]


def sign(web: Web, number: int) -> int:
    """Read the form and send it."""
    typed = {"name": f"Ana {number}", "email": f"a{number}@example.org", "country": "IE", "appear": "hidden"}
    return web.ask("POST", PAGE, typed | {"token": form_token(web.ask("GET", PAGE)[1])})[0]


def press(web: Web, path: str) -> int:
    """Open a link and press the button."""
    found = re.search(r'name="row" value="(\d+)"', web.ask("GET", path)[1])
    return web.ask("POST", path.partition("?")[0] + "/confirm", {"row": found[1] if found else "0"})[0]


def test_two_web_processes_and_two_workers_sign_send_count_and_erase_as_one(
    app: Flask, webs: list[Web], cast: Cast, tmp_path: Path, petition: Petition  # noqa: F811
) -> None:  # fmt: skip
    """Forms read here and sent there, each button pressed on both sides at once: one letter and one move each. What is
    backed up meanwhile is of one moment."""
    reading = cast.reading()
    kept = Maildir(settings.current())
    with ThreadPoolExecutor(8) as people:
        answers = people.map(sign, webs * (SIGNERS // 2), range(SIGNERS))
        assert petition("backup", "--data", tmp_path / "backup" / "data.gz").exit_code == 0
        assert set(answers) == {303}
        until(lambda: (tmp_path / "letters" / "new").exists() and len(kept.kept(100)) == SIGNERS)
        letters = kept.kept(100)
        paths = [link_in(letter) for letter in letters]
        both = [people.submit(press, web, path) for path in paths for web in webs]
        assert {one.result() for one in both} == {303}
        gone = paths[0].partition("?")[0]
        assert webs[0].ask("POST", gone + "/withdraw", {})[0] in (200, 303)
        assert webs[1].ask("GET", gone)[0] == 404
    assert Counter(letter.to for letter in letters) == {f"a{number}@example.org": 1 for number in range(SIGNERS)}
    until(lambda: register.waiting_campaigns() == [])
    numbers = db.session.scalars(select(Move.number).order_by(Move.number)).all()
    assert list(numbers) == list(range(1, SIGNERS + 2))
    assert register.total(reading.id) == SIGNERS - 1
    assert register.check(reading.id, signatures.counted(reading.id)) == []
    for web in webs:
        assert f">{SIGNERS - 1}<" in re.sub(r"\s", "", web.ask("GET", PAGE)[1])
    until(lambda: len(erasures.read(tmp_path / "erasures")) == 1)
    elsewhere = f"sqlite:///{tmp_path}/restored.db"
    restored = petition("restore", "--data", tmp_path / "backup" / "data.gz", DATABASE_URL=elsewhere)
    assert restored.exit_code == 0, restored.output


def test_every_other_form_read_from_one_server_is_taken_by_the_other_and_its_link_opened_by_both(
    webs: list[Web],
) -> None:
    kept = Maildir(settings.current())
    read, other = webs
    forms = {
        "/en/join": {"name": "Ana María", "country": "IE"}, "/en/events/tell-me": {"country": "IE"},
        f"{PAGE}/news": {}, f"{PAGE}/endorse": endorsing.TYPED, f"{PAGE}/link": {}, "/en/link": {"campaign": "canteen"},
    }  # fmt: skip
    assert sign(read, 0) == 303
    until(lambda: len(kept.kept(100)) == 1)
    for number, (form, typed) in enumerate(forms.items(), 1):
        to = "a0@example.org" if form.endswith("/link") else f"b{number}@example.org"
        typed = typed | {"email": to, "token": form_token(read.ask("GET", form)[1])}
        assert other.ask("POST", form, typed)[0] == 303, form
    # Whoever asks for the link has had a letter; the next ones wait for ten minutes (S10).
    until(lambda: len(kept.kept(100)) == 5 and _waiting() == 2)
    for letter in kept.kept(100):
        link = re.search(r"http://localhost(/t/\S+)", letter.text)
        assert link, letter.text
        assert {web.ask("GET", link[1])[0] for web in webs} == {200}


def _waiting() -> int:
    query = select(func.count()).select_from(Letter).where(Letter.state == "waiting", Letter.attempts == 0)
    return db.session.scalar(query) or 0
