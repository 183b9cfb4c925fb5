"""What a mail server may do to a letter, and what becomes of the letter then."""

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from petition.base import maildir, settings, smtp
from petition.base.smtp import Message, Trouble

LETTER = Message("ana@example.org", "Please confirm", "Hello Ana\n.\n", "<p>Hello</p>", "en")


class Server:
    """A mail server on loopback that says what the test writes, for a word of SMTP the replies in turn.

    A reply may also be `hang up` (close at once), `hang` (say nothing) or `drip` (a byte a moment).
    """

    def __init__(self, tls: ssl.SSLContext | None = None, implicit: bool = False) -> None:
        self.replies: dict[str, list[str]] = {}
        self.pipelining = False
        self.heard: list[str] = []
        self.stored: list[bytes] = []
        self.connections = 0
        self._tls, self._implicit = tls, implicit
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        for thread in self._threads:
            thread.join(10)
        self._socket.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            connection, _ = self._socket.accept()
            if self._over.is_set():
                connection.close()
                return
            self.connections += 1
            connection.settimeout(10)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if not self._implicit:
                self._talk(connection)
            if self._tls is not None:
                with self._tls.wrap_socket(connection, server_side=True) as secret:
                    self._talk(secret, secret=True)

    def _talk(self, connection: socket.socket, secret: bool = False) -> None:
        """One conversation, up to its end or to STARTTLS."""
        with connection.makefile("rb") as lines:
            if (secret and not self._implicit) or self._say(connection, "BANNER", "220 here"):
                for line in lines:
                    self.heard.append(line.decode().strip())
                    word = self.heard[-1].upper().split(" ")[0]
                    if not self._answer(connection, lines, word, secret) or word == "STARTTLS":
                        break

    def _answer(self, connection: socket.socket, lines: Iterator[bytes], word: str, secret: bool) -> bool:
        offer = "250-STARTTLS\r\n" if self._tls and not secret else ""
        if self.pipelining:
            offer += "250-PIPELINING\r\n"
        usual = {
            "DATA": "354 go on",
            "EHLO": f"250-here\r\n{offer}250 AUTH PLAIN",
            "STARTTLS": "220 go",
            "AUTH": "235 in",
        }
        goes_on = self._say(connection, word, usual.get(word, "250 OK"))
        if goes_on and word == "DATA" and self._said.endswith("354 go on"):
            return self._take(connection, lines)
        return goes_on

    def _take(self, connection: socket.socket, lines: Iterator[bytes]) -> bool:
        letter = b""
        for line in lines:
            if line == b".\r\n":
                self.stored.append(letter)
                return self._say(connection, "END", "250 kept")
            letter += line[1:] if line.startswith(b".") else line
        return False

    def _say(self, connection: socket.socket, word: str, usual: str) -> bool:
        waiting = self.replies.get(word)
        self._said = reply = waiting.pop(0) if waiting else usual
        if reply == "hang up":
            return False
        if reply == "hang":
            self._over.wait(10)
            return False
        while reply == "drip" and not self._over.wait(0.05):
            connection.sendall(b"2")
        if reply:
            connection.sendall(reply.encode() + b"\r\n")
        return True


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


Opened = Callable[..., smtp.Smtp]


@pytest.fixture
def connect() -> Iterator[Opened]:
    opened: list[smtp.Smtp] = []

    def connect(port: int, scheme: str = "smtp+plain", user: str = "", ca: str = "") -> smtp.Smtp:
        environ = {
            "SMTP_URL": f"{scheme}://{user}127.0.0.1:{port}",
            "MAIL_FROM": "post@example.org",
            "SITE_NAME": "Póst, and more",
            "SMTP_CA_FILE": ca,
        }
        opened.append(smtp.Smtp(settings.read(environ)))
        return opened[-1]

    yield connect
    for transport in opened:
        transport.close()


def send(transport: smtp.Smtp, to: str = "ana@example.org") -> Trouble | None:
    """Offer and hand over; what went wrong."""
    try:
        transport.offer(Message(to, "Please confirm", "Hello", "<p>Hello</p>", "en"), "<1@localhost>")()
    except Trouble as trouble:
        return trouble
    return None


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(
    ("word", "reply", "kind", "what"),
    [
        ("RCPT", "450 4.2.0 greylisted ana@example.org", "later", "450 4.2.0"),
        ("RCPT", "421 too many", "slow", "421"),
        ("RCPT", "451 4.7.1 slow down", "slow", "451 4.7.1"),
        ("RCPT", "550 5.1.1 no ana@example.org here", "refused", "550 5.1.1"),
        ("RCPT", "530 5.7.0 log in first", "relay", "530 5.7.0"),
        ("RCPT", "hang up", "later", "SMTPServerDisconnected"),
        ("DATA", "452 4.3.1 full", "later", "452 4.3.1"),
        ("DATA", "554 no", "refused", "554"),
        ("DATA", "250 what", "later", "250"),
        ("DATA", "hang up", "later", "SMTPServerDisconnected"),
        ("END", "452 4.3.1 full", "later", "452 4.3.1"),
        ("END", "554 5.6.0 not this", "refused", "554 5.6.0"),
        ("END", "421 4.7.0 slower", "slow", "421 4.7.0"),
        ("END", "hang up", "unanswered", "SMTPServerDisconnected"),
        ("MAIL", "550 5.7.1 not you", "relay", "550 5.7.1"),
        ("MAIL", "451 later", "relay", "451"),
        ("MAIL", "hang up", "relay", "SMTPServerDisconnected"),
        ("EHLO", "554 no", "relay", "554"),
        ("BANNER", "554 no", "relay", "554"),
        ("BANNER", "421 busy", "relay", "421"),
        ("BANNER", "hang up", "relay", "SMTPServerDisconnected"),
    ],
)
def test_the_code_and_the_phase_say_what_becomes_of_a_letter(
    server: Server, connect: Opened, word: str, reply: str, kind: str, what: str, pipelining: bool
) -> None:
    server.pipelining = pipelining
    server.replies[word] = [reply]
    transport = connect(server.port)
    trouble = send(transport)
    assert trouble is not None
    assert (trouble.kind, trouble.what) == (kind, what)
    assert "ana" not in str(trouble)
    assert transport.ready() is (kind != "relay")


def test_a_letter_that_was_taken_without_an_answer_is_at_the_server_all_the_same(
    server: Server, connect: Opened
) -> None:
    server.replies["END"] = ["hang up"]
    transport = connect(server.port)
    assert str(send(transport)) == "unanswered: SMTPServerDisconnected"
    assert len(server.stored) == 1
    assert send(transport) is None


def test_all_that_leads_up_to_the_text_goes_together_where_the_server_takes_that_and_only_there(
    server: Server, connect: Opened
) -> None:
    """RFC 2920: this server answers nothing before it has heard all of it."""
    together = {"MAIL": [""], "RCPT": [""], "DATA": ["250 OK\r\n250 OK\r\n354 go on"]}
    server.pipelining = True
    for _ in range(2):
        server.replies |= {word: list(replies) for word, replies in together.items()}
        assert send(connect(server.port)) is None
    server.pipelining = False
    server.heard.clear()
    server.replies["MAIL"] = ["550 no"]
    assert send(connect(server.port)) is not None
    assert [line for line in server.heard if line.startswith(("RCPT", "DATA"))] == []


@pytest.mark.parametrize("data", ["", "554 5.5.1 to nobody", "354 go on"])
def test_a_refused_recipient_does_not_disturb_the_next_letter(server: Server, connect: Opened, data: str) -> None:
    """A server that takes DATA for nobody wants a dot (RFC 2920); without pipelining none is said."""
    server.pipelining = bool(data)
    server.replies |= {"RCPT": ["550 no", "250 yes"], "DATA": [data] if data else [], "END": ["554 to nobody"]}
    transport = connect(server.port)
    assert str(send(transport)) == "refused: 550"
    server.replies["END"].clear()
    assert send(transport, "bo@example.org") is None
    assert server.connections == 1
    assert "RSET" in [word.upper() for word in server.heard]
    assert [b"bo@example.org" in letter for letter in server.stored if letter] == [True]


@pytest.mark.parametrize("data", ["hang up", "hang"])
def test_a_server_that_says_nothing_more_to_a_refused_letter_has_refused_it_all_the_same(
    server: Server, connect: Opened, monkeypatch: pytest.MonkeyPatch, data: str
) -> None:
    monkeypatch.setattr(smtp, "UNTIL_SENT", 0.5)
    server.pipelining = True
    server.replies |= {"RCPT": ["550 no"], "DATA": [data]}
    transport = connect(server.port)
    assert str(send(transport)) == "refused: 550"
    assert send(transport, "bo@example.org") is None


def test_nothing_is_waited_for_from_a_server_that_closes(server: Server, connect: Opened) -> None:
    server.pipelining = True
    server.replies |= {"RCPT": ["421 closing"], "DATA": ["hang"]}
    began = time.monotonic()
    assert str(send(connect(server.port))) == "slow: 421"
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_letter_that_was_offered_and_not_handed_over_never_arrives(
    server: Server, connect: Opened, pipelining: bool
) -> None:
    """The server waits for its text: nothing else may be said to it, for that would be taken for it."""
    server.pipelining = pipelining
    transport = connect(server.port)
    began = time.monotonic()
    transport.offer(LETTER, "<1@localhost>")
    assert send(transport, "bo@example.org") is None
    transport.offer(LETTER, "<2@localhost>")
    transport.close()
    assert time.monotonic() - began < 1, "it has waited for an answer to what the server took for text"
    assert len(server.stored) == 1
    assert b"bo@example.org" in server.stored[0]


def test_one_connection_carries_a_hundred_letters_and_no_more(server: Server, connect: Opened) -> None:
    transport = connect(server.port)
    for _ in range(101):
        assert send(transport) is None
    assert (server.connections, len(server.stored)) == (2, 101)


def test_a_connection_the_server_gave_up_is_opened_again_without_ado(server: Server, connect: Opened) -> None:
    transport = connect(server.port)
    assert send(transport) is None
    server.replies["MAIL"] = ["hang up"]
    assert send(transport) is None
    server.replies["MAIL"] = ["421 idle too long"]
    assert send(transport) is None
    assert server.connections == 3


def test_a_connection_left_idle_is_not_used_again(
    server: Server, connect: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = connect(server.port)
    assert send(transport) is None
    monkeypatch.setattr(smtp, "IDLE", 0.0)
    assert send(transport) is None
    assert server.connections == 2


def test_a_closed_port_is_trouble_with_the_server_and_it_rests_a_moment(connect: Opened) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    transport = connect(port)
    assert str(send(transport)) == "relay: ConnectionRefusedError"
    assert not transport.ready()
    time.sleep(1.05)
    assert transport.ready()


def test_a_thread_whose_connection_works_goes_on_while_another_gets_none(server: Server, connect: Opened) -> None:
    transport = connect(server.port)
    assert send(transport) is None
    seen = SimpleNamespace(trouble=None, ready=True)
    server.replies["BANNER"] = ["554 too many connections"]

    def other() -> None:
        seen.trouble = send(transport)
        seen.ready = transport.ready()

    thread = threading.Thread(target=other)
    thread.start()
    thread.join(10)
    assert str(seen.trouble) == "relay: 554"
    assert seen.ready is False
    assert transport.ready()
    assert send(transport) is None


@pytest.mark.parametrize("silence", ["hang", "drip"])
@pytest.mark.parametrize(
    ("word", "kind"), [("EHLO", "relay"), ("RCPT", "later"), ("DATA", "later"), ("END", "unanswered")]
)
def test_a_server_that_takes_for_ever_is_left_in_time(
    server: Server, connect: Opened, monkeypatch: pytest.MonkeyPatch, silence: str, word: str, kind: str
) -> None:
    monkeypatch.setattr(smtp, "UNTIL_SENT", 0.5)
    monkeypatch.setattr(smtp, "FOR_ANSWER", 0.5)
    server.replies[word] = [silence]
    began = time.monotonic()
    assert str(send(connect(server.port))) == f"{kind}: TimeoutError"
    assert time.monotonic() - began < 3


def test_a_server_without_a_banner_is_left_in_time(
    server: Server, connect: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "UNTIL_SENT", 0.3)
    server.replies["BANNER"] = ["hang"]
    assert str(send(connect(server.port))) == "relay: TimeoutError"


def test_a_banner_that_drips_for_ever_is_left_in_time(
    server: Server, connect: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "UNTIL_SENT", 0.5)
    server.replies["BANNER"] = ["drip"]
    began = time.monotonic()
    assert str(send(connect(server.port))) == "relay: TimeoutError"
    assert time.monotonic() - began < 3


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.file = str(folder / "ca.pem")
        (folder / "ca.pem").write_bytes(self._certificate(self._name, self._key, None))

    def context(self, address: str = "127.0.0.1", days: int = 9) -> ssl.SSLContext:
        """What a server at an address needs for TLS."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        file = self._folder / "server.pem"
        file.write_bytes(
            self._certificate(name, key, address, days)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _certificate(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, address: str | None, days: int = 9
    ) -> bytes:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=address is None, path_length=None), critical=True)
        )
        if address is not None:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_letter_goes_out_under_tls_with_a_log_in(connect: Opened, authority: Authority, scheme: str) -> None:
    server = Server(authority.context(), implicit=scheme == "smtps")
    with contextlib.closing(server):
        transport = connect(server.port, scheme, "user:secret@", authority.file)
        assert send(transport) is None
        transport.close()
    words = [line.split(" ")[0].upper() for line in server.heard]
    assert ("STARTTLS" in words) is (scheme == "smtp")
    assert words.index("AUTH") < words.index("MAIL")
    assert len(server.stored) == 1


def test_who_we_are_is_said_again_under_tls_without_a_log_in_too(connect: Opened, authority: Authority) -> None:
    """A server forgets what was said in the clear (RFC 3207), and may want to know before it takes a letter."""
    server = Server(authority.context())
    with contextlib.closing(server):
        transport = connect(server.port, "smtp", "", authority.file)
        assert send(transport) is None
        transport.close()
    words = [line.split(" ")[0].upper() for line in server.heard]
    assert words[words.index("STARTTLS") + 1 :][:2] == ["EHLO", "MAIL"]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("fault", ["another host", "expired", "unknown authority"])
def test_a_bad_certificate_is_refused_and_nothing_is_said_in_the_clear(
    connect: Opened, authority: Authority, scheme: str, fault: str
) -> None:
    context = authority.context(
        "127.0.0.2" if fault == "another host" else "127.0.0.1", -1 if fault == "expired" else 9
    )
    server = Server(context, implicit=scheme == "smtps")
    with contextlib.closing(server):
        ca = "" if fault == "unknown authority" else authority.file
        trouble = send(connect(server.port, scheme, "user:secret@", ca))
    assert str(trouble) == "relay: SSLCertVerificationError"
    assert {line.split(" ")[0].upper() for line in server.heard} <= {"EHLO", "STARTTLS"}


def test_a_server_without_starttls_gets_nothing(server: Server, connect: Opened) -> None:
    trouble = send(connect(server.port, "smtp", "user:secret@"))
    assert str(trouble) == "relay: SMTPNotSupportedError"
    assert {line.split(" ")[0].upper() for line in server.heard} == {"EHLO"}


def test_a_log_in_that_is_refused_is_trouble_with_the_server(connect: Opened, authority: Authority) -> None:
    server = Server(authority.context(), implicit=True)
    server.replies["AUTH"] = ["535 5.7.8 no user"] * 3
    with contextlib.closing(server):
        assert str(send(connect(server.port, "smtps", "user:secret@", authority.file))) == "relay: 535 5.7.8"


def as_mail(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=policy.default)


def test_a_letter_has_the_headers_that_keep_machines_from_answering(server: Server, connect: Opened) -> None:
    transport = connect(server.port)
    message = Message(
        "ana@example.org",
        "Grüße",
        "Hello Ana\n.\n..dots",
        "<p>¡Hola!</p>",
        "es",
        {"List-Unsubscribe": "<https://x.org/>"},
    )
    transport.offer(message, "<abc@localhost>")()
    mail = as_mail(server.stored[0])
    assert str(mail["From"]) == '"Póst, and more" <post@example.org>'
    assert (mail["To"], mail["Subject"], mail["Message-ID"]) == (
        "ana@example.org",
        "Grüße",
        "<abc@localhost>",
    )
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert (mail["Content-Language"], mail["List-Unsubscribe"]) == ("es", "<https://x.org/>")
    assert mail["Date"] is not None
    plain, html = mail.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert plain.get_content().splitlines() == ["Hello Ana", ".", "..dots"]
    assert html.get_content().strip() == "<p>¡Hola!</p>"
    assert server.stored[0].isascii()
    assert max(len(line) for line in server.stored[0].splitlines()) < 998


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost/t/" + "a" * 56 + "\n" + "x" * 2000 + "\n",
        "ñ" * 3000 + "\n\n. dot\n.\n..\nFrom me\nend \n",
        "=3D\ttab\n" + "Σ , " * 400 + "\n",
        "李小龍 👨‍👩‍👧\n",
        "\n",
    ],
)
def test_any_text_arrives_as_it_was_written(server: Server, connect: Opened, text: str) -> None:
    connect(server.port).offer(Message("ana@example.org", "x", text, f"<p>{text}</p>", "en"), "<1@localhost>")()
    plain, html = as_mail(server.stored[0]).iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert plain.get_content().replace("\r\n", "\n") == text
    assert html.get_content().replace("\r\n", "\n") == f"<p>{text}</p>\n"
    assert max(len(line) for line in server.stored[0].splitlines()) < 998


def test_an_unusual_address_is_quoted_as_the_standard_wants(server: Server, connect: Opened) -> None:
    assert send(connect(server.port), "o'brien+a@xn--bcher-kva.example") is None
    assert as_mail(server.stored[0])["To"] == "o'brien+a@xn--bcher-kva.example"


@pytest.mark.parametrize("title", ["a\nBcc: v@y.org", "a\rb", "a\x0bb", "a\u2028b", "a\x1cb"])
def test_a_subject_that_breaks_lines_is_never_mailed(server: Server, connect: Opened, title: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        connect(server.port).offer(Message("ana@example.org", title, "x", "x", "en"), "<1@localhost>")
    assert server.connections == 0


def test_an_address_that_breaks_lines_is_never_mailed(server: Server, connect: Opened) -> None:
    with pytest.raises(ValueError, match=r"."):
        send(connect(server.port), "ana@example.org\r\nRCPT TO:<v@y.org>")
    assert server.connections == 0


@pytest.mark.parametrize("address", [",\r\nQUIT", ",\nQUIT", ",\rQUIT"])
def test_no_command_is_made_of_an_address_that_ends_the_line(address: str) -> None:
    """What smtplib cannot take apart it quotes as it is; and commands sent together pass none of its checks."""
    with pytest.raises(ValueError, match="ends the line"):
        smtp._path(address)


def test_letters_kept_on_this_machine_can_be_read_by_nobody_else_and_newest_first(tmp_path: Path) -> None:
    kept = maildir.Maildir(settings.read({"LETTERS_DIR": str(tmp_path / "letters")}))
    assert kept.kept() == []
    for name in ("ana", "bo"):
        kept.offer(Message(f"{name}@example.org", "Grüße", "¡Hola!", "<p>¡Hola!</p>", "es"), f"<{name}@localhost>")()
        time.sleep(0.01)
    assert (tmp_path / "letters").stat().st_mode & 0o077 == 0
    assert [letter.to for letter in kept.kept()] == ["bo@example.org", "ana@example.org"]
    assert (kept.kept(1)[0].subject, kept.kept(1)[0].text.strip()) == ("Grüße", "¡Hola!")
    assert kept.kept(1)[0].html.strip() == "<p>¡Hola!</p>"


def test_a_folder_that_cannot_be_written_is_trouble_that_may_pass(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("a file stands in the way")
    kept = maildir.Maildir(settings.read({"LETTERS_DIR": str(tmp_path / "letters")}))
    with pytest.raises(Trouble, match="later: FileExistsError"):
        kept.offer(LETTER, "<1@localhost>")()
