"""The load: people who read pages, sign, open the letter and press its button, in a process of their own.

An open loop: who comes when is drawn beforehand from a seed, and nobody comes later because the site is slow. Time is
counted from when a request was due, so waiting anywhere is part of it. What gets no answer is written down with status
0. As a program (`python -m tests.chaos.people FILE`) it does what FILE says; see `crowd`.
"""

import asyncio
import html
import json
import os
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.chaos.house import ROOT, House
from tests.chaos.ledger import Entry, Ledger, Tail

#: In every name and address, so that a file that may name nobody can be searched for them.
CANARY = "canary7f3a"
#: Seconds after which somebody gives up waiting.
PATIENCE = 31.0
#: Seconds for which a form token is shared before the form is read again.
TOKEN_LIFE = 20.0
#: Seconds between two looks at the letters.
LOOK = 0.1
#: A button that failed is pressed so often, as far apart as the site says but no further than this.
PRESSES, LONGEST_PAUSE = 4, 5.0
_TOKEN = re.compile(rb'name="token" value="([^"]*)"')
_ROW = re.compile(r"row=(\d+)")


@dataclass(frozen=True, slots=True)
class Level:
    """What comes: signs and views a second on average, for so many seconds; which share of who signs presses the
    button, of those which share withdraws later, and which share of signs comes twice. After the last arrival letters
    are still read for `linger` seconds."""

    signs: float
    views: float
    seconds: float
    confirming: float = 0.6
    withdrawing: float = 0.05
    twice: float = 0.02
    seed: int = 1
    linger: float = 5.0
    #: How long people take to open a letter and to press its button, in seconds at most.
    thinking: float = 2.0
    #: Paths to view instead of the campaigns' pages.
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 where nothing did."""

    status: int = 0
    location: str = ""
    retry_after: str = ""
    body: bytes = b""


NOTHING = Answer()


def header(head: bytes, name: bytes) -> str:
    """A header's value from an answer's head in small letters."""
    at = head.find(b"\r\n" + name + b":")
    if at < 0:
        return ""
    end = head.find(b"\r\n", at + 2)
    return head[at + len(name) + 3 : end if end >= 0 else len(head)].strip().decode("latin-1")


class Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._data = bytearray()
        self._answer: asyncio.Future[Answer] | None = None
        self._missing = -1
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        self._done(NOTHING)

    @property
    def is_open(self) -> bool:
        """Whether another request may go down it."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes) -> "asyncio.Future[Answer]":
        """Send a request; its answer when it is whole, or when the connection is gone."""
        self._answer = asyncio.get_running_loop().create_future()
        self._data.clear()
        self._missing = -1
        if self._transport is None:
            self._done(NOTHING)
        else:
            self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._data += data
        if self._missing == -1:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            self._head = bytes(self._data[:end])
            small = self._head.lower()
            # What is streamed has no length: its end is a chunk of none.
            length = header(small, b"content-length")
            self._missing = end + 4 + int(length) if length or b"\r\ntransfer-encoding:" not in small else -2
        streamed = self._missing == -2
        if self._data.endswith(b"0\r\n\r\n") if streamed else len(self._data) >= self._missing:
            self._done(self._read())

    def _read(self) -> Answer:
        small, end = self._head.lower(), len(self._head) + 4
        location = ""
        at = small.find(b"\r\nlocation:")
        if at >= 0:
            location = header(b"\r\nlocation:" + self._head[at + 11 :], b"location")
        return Answer(int(self._head[9:12]), location, header(small, b"retry-after"), bytes(self._data[end:]))

    def _done(self, answer: Answer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)


class Lines:
    """Connections to one web server, used again as browsers do."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._idle: list[tuple[Line, float]] = []

    async def ask(self, request: bytes) -> Answer:
        """The answer to a request; NOTHING where none came in time."""
        try:
            line = self._fresh() or await asyncio.wait_for(self._connected(), PATIENCE)
        except (OSError, TimeoutError):
            return NOTHING
        try:
            answer = await asyncio.wait_for(line.ask(request), PATIENCE)
        except TimeoutError:
            line.close()
            return NOTHING
        if line.is_open:
            self._idle.append((line, time.monotonic()))
        return answer

    def _fresh(self) -> Line | None:
        while self._idle:
            line, since = self._idle.pop()
            # The site hangs up after thirty seconds, nginx after a minute.
            if line.is_open and time.monotonic() - since < 20:
                return line
            line.close()
        return None

    async def _connected(self) -> Line:
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(Line, *self._address)
        return line


@dataclass
class People:
    """Everybody who comes. They know where web servers listen, the site's name, and where letters are written down."""

    addresses: Sequence[tuple[str, int]]
    host: str
    campaigns: Sequence[str]
    level: Level
    ledger: Ledger
    letters: Path
    run: str = ""
    lags: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = [Lines(tuple(address)) for address in self.addresses]  # type: ignore[arg-type]
        self._chance = random.Random(self.level.seed)
        self._tokens: dict[str, tuple[float, str]] = {}
        self._awaited: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._number = 0
        self._paths = self.level.paths or tuple(f"/en/campaigns/{name}" for name in self.campaigns)

    async def come(self) -> None:
        """Let everybody come, and wait until the last one has gone."""
        began = time.time()
        reading = asyncio.create_task(self._read_letters())
        for due, what in self._arrivals():
            left = began + due - time.time()
            if left > 0.001:
                await asyncio.sleep(left)
            self.lags.append(max(-left, 0.0))
            self._start(what(self, began + due))
        left = began + self.level.seconds + self.level.linger - time.time()
        await asyncio.sleep(max(left, 0))
        reading.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * PATIENCE)
        self.ledger.close()

    def _arrivals(self) -> Iterator[tuple[float, Any]]:
        """Moments from the beginning and what is done then: two Poisson processes as one."""
        rate = self.level.signs + self.level.views
        at = 0.0
        while rate > 0:
            at += self._chance.expovariate(rate)
            if at > self.level.seconds:
                return
            yield at, People._sign if self._chance.random() < self.level.signs / rate else People._view

    def _start(self, doing: "Coroutine[Any, Any, None]") -> None:
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(
        self, asked: str, method: str, path: str, due: float, who: str = "", campaign: str = "", body: str = "",
    ) -> Answer:  # fmt: skip
        """Ask one of the web servers, and write down what it said before anything rests on it."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nAccept-Encoding: gzip\r\n"
        if method == "POST":
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        answer = await self._chance.choice(self._lines).ask(f"{head}\r\n{body}".encode())
        note = "thanks" if "/thanks/" in answer.location else ""
        entry = Entry(due, time.time(), who, asked, answer.status, bool(answer.retry_after), campaign, note)
        done = self.ledger.enter(entry)
        if asked != "view":
            await asyncio.wrap_future(done)
        return answer

    async def _view(self, due: float) -> None:
        await self._ask("view", "GET", self._chance.choice(self._paths), due)

    async def _sign(self, due: float) -> None:
        self._number += 1
        campaign = self._chance.choice(self.campaigns)
        who = f"{CANARY}.{self.run}{self._number}@p{self._number % 997}.example.org"
        twice = self._chance.random() < self.level.twice
        if self._chance.random() < self.level.confirming:
            self._awaited[who] = campaign
        token = await self._token(campaign)
        typed = {
            "name": f"Zebulon {CANARY} {self._number}", "email": who, "country": "IE", "place": "Dublin",
            "role": "nurse", "organisation": "", "comment": "", "appear": "hidden", "website": "", "token": token,
        }  # fmt: skip
        body = urlencode(typed)
        path = f"/en/campaigns/{campaign}"
        await self._ask("sign", "POST", path, due, who, campaign, body)
        if twice:
            await asyncio.sleep(0.2)
            await self._ask("sign", "POST", path, time.time(), who, campaign, body)

    async def _token(self, campaign: str) -> str:
        """A form's token, read from the page by whoever finds that the last one is old."""
        read_at, token = self._tokens.get(campaign, (0.0, ""))
        if time.time() - read_at > TOKEN_LIFE:
            # Others go on with the old one meanwhile.
            self._tokens[campaign] = (time.time(), token)
            token = await self._read_token(campaign) or token
            self._tokens[campaign] = (time.time() if token else 0.0, token)
        while not token:
            await asyncio.sleep(0.05)
            read_at, token = self._tokens.get(campaign, (0.0, ""))
            if not token and time.time() - read_at > 1:
                return await self._token(campaign)
        return token

    async def _read_token(self, campaign: str) -> str:
        request = f"GET /en/campaigns/{campaign} HTTP/1.1\r\nHost: {self.host}\r\n\r\n"
        began = time.time()
        answer = await self._chance.choice(self._lines).ask(request.encode())
        self.ledger.enter(
            Entry(began, time.time(), "", "view", answer.status, bool(answer.retry_after), campaign, "form")
        )
        found = _TOKEN.search(answer.body)
        return html.unescape(found[1].decode()) if found else ""

    async def _read_letters(self) -> None:
        """Look for new letters, and let those open them who will."""
        tail = Tail(self.letters)
        while True:
            for mail in tail.new():
                if mail["link"] and mail["taken"]:
                    campaign = self._awaited.pop(mail["to"], None)
                    if campaign is not None:
                        self._start(self._confirm(mail["to"], campaign, mail["link"]))
            await asyncio.sleep(LOOK)

    async def _confirm(self, who: str, campaign: str, link: str) -> None:
        await asyncio.sleep(self._chance.random() * self.level.thinking)
        await self._ask("view", "GET", link, time.time(), who, campaign)
        await asyncio.sleep(self._chance.random() * self.level.thinking)
        path, row = link.partition("?")[0], _ROW.search(link)
        body = f"row={row[1]}" if row else "row=0"
        if not await self._press("confirm", path + "/confirm", who, campaign, body):
            return
        if self._chance.random() < self.level.withdrawing:
            await asyncio.sleep(self._chance.random() * self.level.thinking)
            await self._press("withdraw", path + "/withdraw", who, campaign, "")

    async def _press(self, asked: str, path: str, who: str, campaign: str, body: str) -> bool:
        """Press a button until it is answered, as often as people do; whether it was."""
        for _ in range(PRESSES):
            answer = await self._ask(asked, "POST", path, time.time(), who, campaign, body)
            if answer.status in (200, 303):
                return True
            if answer.status not in (0, 429, 503):
                return False
            said = float(answer.retry_after) if answer.retry_after.isdigit() else 1.0
            await asyncio.sleep(min(said, LONGEST_PAUSE))
        return False


@dataclass
class Crowd:
    """People at it, in a process of their own."""

    process: subprocess.Popen[bytes]
    #: The ack ledger.
    ledger: Path
    #: Where the load says at its end what it cost itself.
    figures: Path
    level: Level

    def wait(self) -> dict[str, float]:
        """Wait until all have gone; the CPU seconds the load took itself, and how late it was (`lag_p99`)."""
        limit = self.level.seconds + self.level.linger + 4 * PATIENCE
        status = self.process.wait(limit)
        assert status == 0, f"the load ended with {status}"
        found: dict[str, float] = json.loads(self.figures.read_text())
        return found


@contextmanager
def crowd(at: House, level: Level, run: str = "a", addresses: Sequence[tuple[str, int]] = ()) -> Iterator[Crowd]:
    """Let people come to a house; what happens to it meanwhile is the caller's. `run` tells several crowds of one house
    apart: a letter or two. `addresses`: where to, instead of the web servers themselves."""
    ledger, figures = at.folder / f"acks-{run}.jsonl", at.folder / f"load-{run}.json"
    orders = at.folder / f"people-{run}.json"
    orders.write_text(json.dumps({
        "addresses": addresses or at.addresses, "host": at.host, "campaigns": list(at.campaigns),
        "level": asdict(level), "ledger": str(ledger), "letters": str(at.letters), "run": run, "figures": str(figures),
    }))  # fmt: skip
    with (at.folder / f"people-{run}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.people", str(orders)], cwd=ROOT, stderr=log,
            env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True,
        )  # fmt: skip
    try:
        yield Crowd(process, ledger, figures, level)
    finally:
        process.kill()
        process.wait(20)


def main(orders: dict[str, Any]) -> None:
    """Come, and say what it cost."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    level = Level(**orders["level"] | {"paths": tuple(orders["level"]["paths"])})
    people = People(
        orders["addresses"], orders["host"], orders["campaigns"], level, Ledger(Path(orders["ledger"]), pause=0.005),
        Path(orders["letters"]), orders["run"],
    )  # fmt: skip
    asyncio.run(people.come())
    lags = sorted(people.lags) or [0.0]
    found = {"cpu": time.process_time(), "lag_p99": lags[int(len(lags) * 0.99)], "lag_most": lags[-1],
             "came": len(people.lags)}  # fmt: skip
    Path(orders["figures"]).write_text(json.dumps(found))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
