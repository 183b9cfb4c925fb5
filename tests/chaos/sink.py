"""A mail server as a process of its own that writes down each letter before it says yes, and misbehaves when told to.

`python -m tests.chaos.sink PORT LETTERS CONTROL`: listens on loopback, appends to the letter ledger LETTERS, and looks
at the file CONTROL (JSON, see `Orders`) whenever it changes; without that file it takes every letter.
"""

import asyncio
import email
import email.policy
import hashlib
import json
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.chaos import ledger
from tests.chaos.ledger import Lines

#: What a letter is, by its subject.
KINDS = {
    "Please confirm your signature": "confirm", "A reminder: please confirm your signature": "reminder",
    "You have already signed": "already",
}  # fmt: skip
#: The answers of each fault, by where it happens. `cut` takes the letter and hangs up instead of answering,
#: `late` takes it and answers when nobody listens any more.
AT_RCPT = {
    "greylist": "450 4.2.0 come back later", "slow-down": "421 4.7.0 too much", "nobody": "550 5.1.1 no such mailbox",
}  # fmt: skip
AT_DATA = {"full": "452 4.3.1 no room", "refused": "554 5.6.0 not this one", "cut": "", "late": ""}
#: A connection that is let in and never spoken to.
SILENT = "silent"
_LINK = re.compile(r"/t/[^\s?]+(?:\?row=\d+)?")
_CAMPAIGN = re.compile(r"“Campaign ([a-z0-9-]+)”")


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter that somebody tried to hand over. `taken`: the sink has it, whatever it `answered` ("": it hung up).
    What was refused before its words came has neither Message-ID nor link."""

    at: float
    to: str
    message_id: str = ""
    link: str = ""
    kind: str = ""
    campaign: str = ""
    answered: str = "250"
    taken: bool = True
    size: int = 0


@dataclass(slots=True)
class Orders:
    """How to misbehave. `faults` are shares by name (AT_RCPT, AT_DATA, SILENT); the same seed, address and try meet the
    same fate. `delay` are seconds before the answer to a whole letter, from and to; `late` those before an answer that
    comes too late. `down`: every connection is closed."""

    seed: int = 0
    faults: dict[str, float] = field(default_factory=dict)
    delay: tuple[float, float] = (0.0, 0.0)
    late: float = 5.0
    down: bool = False


def order(control: Path, orders: Orders) -> None:
    """Tell a running sink how to behave from now on."""
    new = control.with_suffix(".new")
    new.write_text(json.dumps(asdict(orders)))
    new.replace(control)


class Fate:
    """What becomes of each letter, as the control file says at that moment."""

    def __init__(self, control: Path) -> None:
        self._control = control
        self._read_at = -1
        self._orders = Orders()
        self._tries: Counter[tuple[str, str]] = Counter()

    def orders(self) -> Orders:
        """The orders in force."""
        try:
            changed = self._control.stat().st_mtime_ns
            if changed != self._read_at:
                self._orders, self._read_at = Orders(**json.loads(self._control.read_text())), changed
        except FileNotFoundError:
            self._orders, self._read_at = Orders(), -1
        return self._orders

    def of(self, address: str, phase: str, names: Iterable[str]) -> str | None:
        """The fault that an address meets now in a phase; None where all goes well."""
        orders = self.orders()
        self._tries[address, phase] += 1
        chance = self.chance(address, phase)
        for name in names:
            chance -= orders.faults.get(name, 0.0)
            if chance < 0:
                return name
        return None

    def chance(self, address: str, phase: str) -> float:
        """A number from 0 to 1 that depends on the seed, the address and how often it was tried."""
        said = f"{self._orders.seed} {address} {phase} {self._tries[address, phase]}"
        return int.from_bytes(hashlib.sha256(said.encode()).digest()[:8], "big") / 2**64

    async def pause(self, address: str) -> None:
        """Take as long as the orders say."""
        least, most = self.orders().delay
        if most > 0:
            await asyncio.sleep(least + (most - least) * self.chance(address, "delay"))


class Handler:
    """The answers to each command of a mail program."""

    def __init__(self, letters: Lines, fate: Fate) -> None:
        self._letters = letters
        self._fate = fate

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, name: str, offered: list[str]
    ) -> list[str]:
        """What it can do: as the mail servers in use, take a recipient without having answered to the sender yet."""
        session.host_name = name
        return [*offered[:-1], "250-PIPELINING", offered[-1]]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whether mail for an address is taken."""
        fault = self._fate.of(address, "rcpt", AT_RCPT)
        if fault is not None:
            said = AT_RCPT[fault]
            await self._write(Mail(time.time(), address, answered=said[:3], taken=False))
            return said
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The whole letter; it is on disk before the answer."""
        address = envelope.rcpt_tos[0]
        fault = self._fate.of(address, "data", AT_DATA)
        await self._fate.pause(address)
        said = "250 taken" if fault is None else AT_DATA[fault]
        await self._write(read(bytes(cast(Any, envelope.content)), address, said[:3], said[:3] in ("250", "")))
        if fault == "late":
            await asyncio.sleep(self._fate.orders().late)
        elif not said:
            cast(Any, server).transport.abort()
        return said or "250 taken"

    async def _write(self, mail: Mail) -> None:
        await asyncio.wrap_future(self._letters.put(asdict(mail)))


def read(content: bytes, address: str, answered: str = "250", taken: bool = True) -> Mail:
    """What the ledger keeps of a letter: nothing that names anybody but the address."""
    message = cast(EmailMessage, email.message_from_bytes(content, policy=email.policy.compat32))
    part = cast(EmailMessage, message.get_payload(0)) if message.is_multipart() else message
    text = cast(bytes, part.get_payload(decode=True)).decode("utf-8", "replace")
    link, campaign = _LINK.search(text), _CAMPAIGN.search(text)
    return Mail(
        time.time(), address, str(message["Message-ID"]).strip(), link[0] if link else "",
        KINDS.get(str(message["Subject"]), "other"), campaign[1] if campaign else "", answered, taken, len(content),
    )  # fmt: skip


def mails(path: Path) -> Iterator[Mail]:
    """The letters of a letter ledger."""
    for line in ledger.lines(path):
        yield Mail(**line)


async def _serve(port: int, letters: Path, control: Path) -> None:
    fate, written = Fate(control), Lines(letters)
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)

    def talk() -> asyncio.Protocol:
        if fate.orders().down:
            return _Closed()
        if fate.of("", "banner", [SILENT]):
            return asyncio.Protocol()
        return SMTP(Handler(written, fate), hostname="sink", enable_SMTPUTF8=False)

    server = await loop.create_server(talk, "127.0.0.1", port, backlog=256)
    await ending.wait()
    server.close()
    written.close()


class _Closed(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).abort()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))
