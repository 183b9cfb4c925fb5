"""How fast letters leave: smtplib alone, one worker, two workers, all handing to the same sink.

Each worker is a process of its own and does all that a worker's delivering threads do. What smtplib alone reaches
depends on the sink above all, so there are two: `socket` says yes as cheaply as can be (a letter costs smtplib 0.1
ms), `aiosmtpd` is a mail server that reads what it is told, though it stores nothing either. As a program:
`python -m bench.letters` starts a durable PostgreSQL of its own and prints the median of three runs, and each.
"""

import json
import os
import smtplib
import socket
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from bench import ground
from petition import drafts, migrating, signatures
from petition.app import create_app
from petition.base import crypto, db, delivery, mailbox, outbox, settings, smtp
from petition.campaigns import Reading, read
from petition.details import Choices, Details
from petition.drafts import Draft, Terms, Text
from petition.letters import Letters, preview

ROOT = Path(__file__).resolve().parents[1]
SENDER = "post@petition.example"


class _Dialogue(socketserver.BaseRequestHandler):
    """A mail server that says yes to everything and keeps nothing, as cheaply as a thread and a socket can."""

    def handle(self) -> None:
        """One connection: everything up to a line with one dot is one letter."""
        line: socket.socket = self.request
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(b"220 sink\r\n")
        while asked := line.recv(65536):
            word = asked[:4].upper()
            line.sendall(b"354 go on\r\n" if word == b"DATA" else b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"DATA":
                end = b""
                while not end.endswith(b"\r\n.\r\n"):
                    taken = line.recv(65536)
                    if not taken:
                        return
                    end = end[-8:] + taken
                line.sendall(b"250 taken\r\n")


class _Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 64


class _Yes:
    async def handle_EHLO(  # noqa: N802
        self, server: object, session: Any, envelope: object, name: str, offered: list[str]
    ) -> list[str]:
        session.host_name = name
        # As the mail servers in use do.
        return [*offered[:-1], "250-PIPELINING", offered[-1]]

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
        return "250 taken"


SINKS = ("socket", "aiosmtpd")


@contextmanager
def sink(kind: str = "socket") -> Iterator[int]:
    """A sink of SINKS in a process of its own; its port."""
    with _started(kind, {}) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


@contextmanager
def _started(what: str, surroundings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "bench.letters", what]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | surroundings, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _serve_aiosmtpd() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    Controller(_Yes(), hostname="127.0.0.1", port=port).start()
    print(port, flush=True)
    threading.Event().wait()


def _serve() -> None:
    with _Sink(("127.0.0.1", 0), _Dialogue) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


def _work() -> None:
    """Be a worker: ready, wait for a line, deliver what is due with all connections, say what it cost."""
    read = settings.read()
    app = create_app(read)
    transport = smtp.Smtp(read)

    def deliver() -> None:
        with app.app_context():
            while delivery.deliver(Letters(), transport):
                pass
            transport.close()

    print("ready", flush=True)
    sys.stdin.readline()
    threads = [threading.Thread(target=deliver) for _ in range(read.mail_connections)]
    begin = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"cpu": time.process_time() - begin}), flush=True)


def smtplib_alone(port: int, letters: int, letter: bytes) -> float:
    """Letters a second that smtplib hands to the sink over one connection."""
    with smtplib.SMTP("127.0.0.1", port) as line:
        begin = time.perf_counter()
        for number in range(letters):
            line.sendmail(SENDER, [f"a{number}@people.example"], letter)
        return letters / (time.perf_counter() - begin)


def workers(how_many: int, surroundings: dict[str, str]) -> tuple[float, float]:
    """Let workers deliver what waits; seconds it took and seconds of CPU of the workers."""
    with _all_started(how_many, surroundings) as processes:
        begin = time.perf_counter()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.flush()
        cpu = [json.loads(process.stdout.readline())["cpu"] for process in processes if process.stdout]
        return time.perf_counter() - begin, sum(cpu)


@contextmanager
def _all_started(how_many: int, surroundings: dict[str, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    if how_many == 0:
        yield []
        return
    with _started("work", surroundings) as process, _all_started(how_many - 1, surroundings) as others:
        assert process.stdout is not None
        process.stdout.readline()
        yield [process, *others]


def _campaign() -> Reading:
    terms = Terms(
        responsible="Dockside Aid", responsible_address="list@dockside.example", handed_to={"en": "the Port Authority"},
        fields=["name", "country"], months=6, ground="consent",
    )  # fmt: skip
    text = Text("Take the canteen workers back", "the Port Authority", "Forty were dismissed.", "Take *them* back.")
    slug = "letters"
    if read(slug) is None:
        draft = Draft(slug=slug, first_language="en", texts={"en": text}, terms=terms, asks={}, goals=(1000,))
        drafts.publish(drafts.save(draft, "bench"), "bench", db.now())
    found = read(slug)
    assert found is not None
    return found


def sign(letters: int) -> None:
    """So many people sign, so that so many letters wait."""
    reading = _campaign()
    begin = time.time_ns()
    assert reading.consent is not None
    for number in range(letters):
        box = mailbox.parse(f"p{begin}.{number}@people.example")
        signatures.sign(
            reading, reading.wording("en").id, reading.consent.version, box,
            Details(name=f"Ana María {number}", address=box.address), Choices(language="en"),
            network=None, at=db.now() - timedelta(seconds=1),
        )  # fmt: skip
    db.session.commit()


def _sent() -> int:
    count = db.session.scalar(select(func.count()).where(outbox.Letter.state == "sent"))
    db.session.rollback()
    return count or 0


def measure(url: str, letters: int = 2000, kind: str = "socket") -> dict[str, float]:
    """Letters a second by each way, and shares of smtplib alone; `url` is an empty PostgreSQL database.

    `cpu_ms` is what one letter costs a worker. Raises AssertionError where a letter did not leave.
    """
    with tempfile.TemporaryDirectory() as folder, sink(kind) as port:
        keys = Path(folder) / "keys.json"
        crypto.write(keys, crypto.with_new_key(None))
        surroundings = {
            "DATABASE_URL": url, "KEYS_FILE": str(keys), "SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
            "MAIL_FROM": SENDER, "BASE_URL": "http://localhost",
            # As docs/settings.md has it for a public site.
            "MAIL_CONNECTIONS": "8",
        }  # fmt: skip
        app = create_app(settings.read({**os.environ, **surroundings}))
        with app.app_context():
            migrating.migrate()
            try:
                return _measured(port, letters, surroundings)
            finally:
                db.session.remove()
                db.database().dispose()


def _measured(port: int, letters: int, surroundings: dict[str, str]) -> dict[str, float]:
    message = replace(preview.previews("en")["confirm"], to="ana@people.example")
    letter = smtp.build(message, "<1@localhost>", "Petition", SENDER)
    alone = [smtplib_alone(port, letters, letter)]
    found: dict[str, float] = {}
    for how_many in (1, 2):
        sign(letters)
        before = _sent()
        seconds, cpu = workers(how_many, surroundings)
        assert _sent() - before == letters, "a letter did not leave"
        found[f"workers_{how_many}"] = letters / seconds
        found[f"cpu_ms_{how_many}"] = cpu / letters * 1000
        alone.append(smtplib_alone(port, letters, letter))
    found["smtplib"] = statistics.mean(alone)
    return found | {f"share_{n}": found[f"workers_{n}"] / found["smtplib"] for n in (1, 2)}


def _print(place: ground.Ground) -> None:
    for kind in SINKS:
        print(f"\nsink: {kind}")
        _print_runs([measure(place.database(f"{kind}{number}"), kind=kind) for number in range(3)])


def _print_runs(runs: list[dict[str, float]]) -> None:
    for name in runs[0]:
        values = [run[name] for run in runs]
        print(f"{name:12} {ground.middle(values):9.2f}   ({', '.join(f'{value:.2f}' for value in values)})")


def main() -> None:
    """Be a sink, a worker, or measure."""
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what == "socket":
        _serve()
    elif what == "aiosmtpd":
        _serve_aiosmtpd()
    elif what == "work":
        _work()
    else:
        with ground.ground() as place:
            _print(place)


if __name__ == "__main__":
    main()
