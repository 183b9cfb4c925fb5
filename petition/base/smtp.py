"""The ways a letter can leave: a mail server, or a folder on this machine. The only place that speaks SMTP.

smtplib is driven phase by phase, because what a failure means depends on when it happens: before the server
has the letter nothing is lost by trying again, afterwards somebody may get it twice. The server's code
decides, not the class of the exception: greylisting arrives as a refused recipient with 450 inside.
"""

import binascii
import math
import re
import secrets
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import policy
from email.headerregistry import Address
from email.utils import format_datetime
from functools import lru_cache, partial
from typing import Any, Literal, Protocol, cast
from urllib.parse import urlsplit

from petition.base import db
from petition.base.settings import Settings

#: Seconds from the first byte of a letter's dialogue until all of it is with the server.
UNTIL_SENT = 120.0
#: Seconds for the server's answer to the whole letter (RFC 5321 has ten minutes); a lease outlasts it.
FOR_ANSWER = 300.0
CONNECT = 30.0
IDLE = 30.0
LETTERS_PER_CONNECTION = 100
LONGEST_REST = 60.0
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}\b")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_LONGEST_LINE = 900
#: For lines that may not be folded: the standard library would encode an address longer than 78 characters.
_WHOLE = policy.SMTP.clone(max_line_length=998)
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")


@dataclass(frozen=True, slots=True)
class Message:
    """One letter in words. `to` is the address as typed (domain as A-label); `headers` are further lines."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Trouble(Exception):
    """A letter did not go through.

    `kind`: later (this letter may be tried again), slow (the same, and the recipient's provider wants fewer),
    refused (for good), unanswered (nobody knows whether the server has it), relay (trouble with our own mail
    server, not with this letter). `what` may be stored and logged: codes or the class of an error, never the
    server's text, which repeats addresses.
    """

    def __init__(self, kind: Literal["later", "slow", "refused", "unanswered", "relay"], what: str) -> None:
        super().__init__(f"{kind}: {what}")
        self.kind = kind
        self.what = what


class Transport(Protocol):
    """A way to hand letters over, shared by all threads of a process."""

    def ready(self) -> bool:
        """Whether it makes sense for this thread to offer a letter now."""

    def offer(self, message: Message, message_id: str) -> Callable[[], None]:
        """Do what can be taken back; calling what is returned hands the letter over. Both raise Trouble."""


def build(message: Message, message_id: str, site_name: str, mail_from: str) -> bytes:
    """The letter as it goes over the wire. Raises ValueError and the like where it cannot be mailed.

    The standard library folds and checks each header; the parts are put together here, for its own way of doing
    that took four fifths of the time a letter costs.
    """
    boundary = secrets.token_hex(16)
    head = [
        _from(site_name, mail_from),
        _recipient(message.to),
        _header("Subject", message.subject),
        f"Date: {format_datetime(db.now())}\r\nMessage-ID: {message_id}\r\n",
        "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n",
        _header("Content-Language", message.language),
        *(_folded(name, value, _WHOLE) for name, value in message.headers.items()),
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n',
    ]
    parts = (_part(boundary, "plain", message.text), _part(boundary, "html", message.html))
    return b"".join(("".join(head).encode("ascii"), *parts, f"--{boundary}--\r\n".encode()))


def _folded(name: str, value: str, how: Any = policy.SMTP) -> str:
    """A header line. Raises ValueError for what would break it."""
    return cast(str, how.fold(*how.header_store_parse(name, value)))


#: For what is the same in many letters and nobody's own.
_header = lru_cache(maxsize=256)(_folded)


@lru_cache(maxsize=16)
def _from(site_name: str, mail_from: str) -> str:
    return _folded("From", str(Address(site_name, addr_spec=mail_from)))


def _recipient(address: str) -> str:
    plain = _PLAIN_ADDRESS.fullmatch(address)
    return f"To: {address}\r\n" if plain else _folded("To", str(Address(addr_spec=address)))


def _part(boundary: str, subtype: str, body: str) -> bytes:
    data = "\r\n".join(body.splitlines()).encode() + b"\r\n"
    # Not every server takes 8-bit lines, and none takes lines of more than 998 characters.
    plain = body.isascii() and max(map(len, data.split(b"\r\n"))) < _LONGEST_LINE
    kind = "7bit" if plain else "quoted-printable"
    head = f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {kind}\r\n\r\n"
    # The last line end belongs to the boundary that follows.
    return head.encode() + (data if plain else binascii.b2a_qp(data, istext=True)) + b"\r\n"


class _Timed(socket.socket):
    """A socket with one end for everything: smtplib's limit is for each read, of which there may be many."""

    end = math.inf

    def _limit(self) -> None:
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        # Each time it is set is a call of the system and a change of thread; a fiftieth too late does no harm.
        if not left <= (self.gettimeout() or 0) <= left * 1.02:
            self.settimeout(min(left, UNTIL_SENT + FOR_ANSWER))

    def recv_into(self, *args: Any, **options: Any) -> int:
        self._limit()
        return super().recv_into(*args, **options)

    def send(self, *args: Any, **options: Any) -> int:
        self._limit()
        return super().send(*args, **options)

    def sendall(self, *args: Any, **options: Any) -> None:
        self._limit()
        super().sendall(*args, **options)


class _TimedTls(_Timed, ssl.SSLSocket):
    """The same under TLS."""


class _Line(smtplib.SMTP):
    """One connection of one thread."""

    def __init__(self, local: str, implicit: ssl.SSLContext | None, end: float) -> None:
        super().__init__(local_hostname=local, timeout=CONNECT)
        self._implicit = implicit
        self._end = end
        self.letters = 0
        self.used_at = time.monotonic()
        self.half_way = False
        #: Whether the server waits for a letter's text; there is no other way back from there than to hang up.
        self.in_data = False
        #: Whether RCPT TO and DATA have gone out with MAIL FROM, and wait for their answers.
        self._asked_together = False

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """What smtplib calls to connect, and its own TLS class overrides."""
        plain = socket.create_connection((host, port), timeout)
        timed = _Timed(fileno=plain.detach())
        timed.settimeout(timeout)
        # smtplib remembers whom a certificate must name only when it connects while being made.
        self._host = host
        if self._implicit is not None:
            timed = cast(_Timed, self._implicit.wrap_socket(timed, server_hostname=host))
        timed.end = self._end
        return timed

    def end_at(self, end: float) -> None:
        """The moment (monotonic) at which every read and write fails."""
        if self.sock is not None:
            cast(_Timed, self.sock).end = end

    def is_fresh(self) -> bool:
        lives = self.sock is not None and not self.in_data and self.letters < LETTERS_PER_CONNECTION
        return lives and time.monotonic() - self.used_at < IDLE

    def begin(self, sender: str, to: str) -> tuple[int, bytes]:
        """MAIL FROM, after clearing what an earlier letter left half-way.

        RCPT TO and DATA go with it where the server offers that (PIPELINING, RFC 2920): two ways there and back less.
        """
        if self.half_way:
            self.rset()
        self.half_way = True
        self.used_at = time.monotonic()
        self._asked_together = self.has_extn("pipelining")
        if not self._asked_together:
            return self.docmd(f"MAIL FROM:{_path(sender)}")
        self.send(f"MAIL FROM:{_path(sender)}\r\nRCPT TO:{_path(to)}\r\nDATA\r\n")
        return self.getreply()

    def recipient(self, to: str) -> tuple[int, bytes]:
        """RCPT TO, or the answer to it."""
        if not self._asked_together:
            return self.docmd(f"RCPT TO:{_path(to)}")
        code, reply = self.getreply()
        if code // 100 != 2 and code != 421:
            self._take_data_back()
        return code, reply

    def _take_data_back(self) -> None:
        """The server may take the DATA of a letter to nobody: then it wants a single dot (RFC 2920 3.1)."""
        try:
            if self.getreply()[0] // 100 == 3:
                self.docmd(".")
        except (OSError, smtplib.SMTPException):
            self.close()

    def begin_data(self) -> tuple[int, bytes]:
        """DATA, or the answer to it."""
        code, reply = self.getreply() if self._asked_together else self.docmd("DATA")
        self.in_data = code // 100 == 3
        return code, reply

    def whole(self, data: bytes) -> tuple[int, bytes]:
        """The letter's text, and the dot that makes it the server's."""
        self.send(data + b".\r\n")
        self.end_at(time.monotonic() + FOR_ANSWER)
        answer = self.getreply()
        self.in_data = False
        return answer

    def phase(self, step: Callable[[], tuple[int, bytes]], wanted: int, silent: Literal["later", "unanswered"]) -> None:
        """One step about a letter; silence, or a code that is not of the hundred wanted, raises Trouble."""
        try:
            code, reply = step()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Trouble(silent, _named(error)) from None
        if code == 421:
            self.close()
        if code // 100 == wanted:
            return
        what = _codes(code, reply)
        if 500 <= code < 600:
            raise Trouble("refused", what)
        raise Trouble("slow" if code == 421 or " 4.7." in what else "later", what)


def _path(address: str) -> str:
    """The address as a path (RFC 5321 4.1.2); smtplib takes the plain ones apart, too. Raises ValueError for one that
    would end the line."""
    path = f"<{address}>" if _PLAIN_ADDRESS.fullmatch(address) else smtplib.quoteaddr(address)
    if "\r" in path or "\n" in path:
        raise ValueError("an address ends the line")
    return path


def _codes(code: int, reply: bytes) -> str:
    found = _ENHANCED.match(reply)
    return f"{code} {found[0].decode()}" if found else str(code)


def _named(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error if isinstance(error.smtp_error, bytes) else b""
        return _codes(error.smtp_code, reply)
    if isinstance(error, smtplib.SMTPServerDisconnected) and error.__context__ is not None:
        return type(error.__context__).__name__
    return type(error).__name__


class Smtp:
    """Hands letters to the mail server of the settings; each thread keeps one connection open across letters.

    When the server cannot be reached or wants nothing from us at all, no new connection is made for 1, 2, 4 …
    60 seconds; threads whose connection works go on. A thread that ends calls `close`.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.smtp_url is None:
            raise ValueError("no mail server is set")
        self._server = settings.smtp_url
        self._sender = settings.mail_from
        self._build = partial(build, site_name=settings.site_name, mail_from=settings.mail_from)
        self._local = urlsplit(settings.base_url).hostname or "localhost"
        self._tls = ssl.create_default_context()
        if settings.smtp_ca_file:
            self._tls.load_verify_locations(settings.smtp_ca_file)
        self._tls.sslsocket_class = _TimedTls
        self._thread = threading.local()
        self._failures = 0
        self._rest_until = 0.0

    def ready(self) -> bool:
        """Whether this thread has a connection, or it is time to try for one."""
        return self._mine() is not None or time.monotonic() >= self._rest_until

    def offer(self, message: Message, message_id: str) -> Callable[[], None]:
        """Build the letter and go as far as DATA: without the dot at its end the server has nothing. Raises Trouble, or
        what building raises."""
        data = self._build(message, message_id)
        line = self._begun(message.to, time.monotonic() + UNTIL_SENT)
        try:
            line.phase(lambda: line.recipient(message.to), 2, "later")
        except Trouble as trouble:
            if trouble.what[:3] in ("530", "535"):
                # It is we who are not let in, whoever the letter is for.
                raise self._rest(line, trouble.what) from None
            raise
        line.phase(line.begin_data, 3, "later")
        return partial(_hand_over, line, _LEADING_DOT.sub(b"..", data))

    def close(self) -> None:
        """End this thread's connection, politely."""
        line: _Line | None = getattr(self._thread, "line", None)
        self._thread.line = None
        if line is not None and line.in_data:
            line.close()
        elif line is not None and line.sock is not None:
            line.end_at(time.monotonic() + 2)
            try:
                line.quit()
            except (OSError, smtplib.SMTPException):
                line.close()

    def _mine(self) -> _Line | None:
        line: _Line | None = getattr(self._thread, "line", None)
        return line if line is not None and line.is_fresh() else None

    def _begun(self, to: str, end: float) -> _Line:
        line = self._mine()
        if line is not None:
            # A server may hang up on a connection that it held open; that is no trouble.
            line.end_at(end)
            try:
                if line.begin(self._sender, to)[0] == 250:
                    return line
            except (OSError, smtplib.SMTPException):
                line.close()
        self.close()
        line = self._opened(to, end)
        self._failures, self._rest_until = 0, 0.0
        self._thread.line = line
        return line

    def _opened(self, to: str, end: float) -> _Line:
        server = self._server
        line = _Line(self._local, self._tls if server.scheme == "smtps" else None, end)
        try:
            _expect(220, line.connect(server.host, server.port))
            _expect(250, line.ehlo())
            if server.scheme == "smtp":
                line.starttls(context=self._tls)
                line.end_at(end)
                # What was said in the clear is forgotten (RFC 3207 4.2).
                _expect(250, line.ehlo())
            if server.user:
                line.login(server.user, server.password)
            _expect(250, line.begin(self._sender, to))
        except (OSError, ValueError, smtplib.SMTPException) as error:
            raise self._rest(line, _named(error)) from None
        return line

    def _rest(self, line: _Line, what: str) -> Trouble:
        line.close()
        self._failures += 1
        self._rest_until = time.monotonic() + min(LONGEST_REST, 2.0 ** (self._failures - 1))
        return Trouble("relay", what)


def _expect(wanted: int, answer: tuple[int, bytes]) -> None:
    if answer[0] != wanted:
        raise smtplib.SMTPResponseException(*answer)


def _hand_over(line: _Line, data: bytes) -> None:
    line.phase(partial(line.whole, data), 2, "unanswered")
    line.letters += 1
    line.half_way = False
