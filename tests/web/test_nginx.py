"""deploy/nginx.conf, as Debian's nginx reads it, in front of a real server: what it must hold (S36, D18–D20)."""

import http.client
import json
import os
import re
import selectors
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from petition import links, networks
from petition.app import create_app
from petition.base import crypto, db, settings
from petition.signatures import PendingSignature
from petition.web.headers import LIVE
from tests.cast import Cast, form_token, free_port, link_in

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None and not os.environ.get("CI"), reason="there is no nginx on this machine")
CONF = Path(__file__).parents[2] / "deploy" / "nginx.conf"
PAGE = "/en/campaigns/canteen"
#: Seconds that stand for the file's ten.
LIMIT = 1


@dataclass
class Site:
    """nginx, what runs behind it, and where they write."""

    port: int
    behind: int
    folder: Path
    cast: Cast

    def ask(
        self, method: str, path: str, *, origin: str = "127.0.0.1", direct: bool = False, timeout: float = 10,
        body: str | None = None, headers: dict[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, str]:  # fmt: skip
        """A request from a loopback address of one's own."""
        port = self.behind if direct else self.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=(origin, 0))
        sent = {"Host": f"localhost:{self.port}"} | (headers or {})
        if body is not None:
            sent |= {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer, text

    def sign(self, email: str, **asked: object) -> http.client.HTTPResponse:
        """Read the form and send it."""
        _, page = self.ask("GET", PAGE)
        typed = {"name": "Ana", "email": email, "country": "IE", "appear": "hidden", "token": form_token(page)}
        answer, _ = self.ask("POST", PAGE, body=urlencode(typed), **asked)  # type: ignore[arg-type]
        return answer

    def log(self) -> str:
        """The access log, once what was asked so far stands in it."""
        self.ask("GET", "/healthz")
        time.sleep(0.05)
        return (self.folder / "access.log").read_text()

    def slow(self, first: bytes, origin: str = "127.0.0.9") -> socket.socket:
        """A client that has begun and sends nothing more."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=15, source_address=(origin, 0))
        client.sendall(first)
        return client


def adapted(folder: Path, port: int, behind: int) -> str:
    """The documented file with ports, names, paths and times of this test."""
    text = CONF.read_text()
    for line in re.findall(r"(?m)^    listen \[::\]:80.*$", text):
        text = text.replace(line, "")
    text, listening = re.subn(r"(?m)^    listen 80", f"    listen 127.0.0.1:{port}", text)
    assert listening == 2
    text = text.replace("server_name example.org;", "server_name localhost;")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    text = text.replace("/var/log/nginx/petition.", f"{folder}/").replace(
        "/var/cache/nginx/petition", f"{folder}/cache"
    )
    text, times = re.subn(r"(client_(?:header|body)_timeout) 10s;", rf"\1 {LIMIT}s;", text)
    assert times == 3
    return text


def main_file(folder: Path, site: str) -> str:
    """What Debian's /etc/nginx/nginx.conf is around a site file, with its folders in ours."""
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "".join(
        f"{kind}_temp_path {folder}/temp_{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""{user} worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/main.log;
events {{ worker_connections 4096; }}
http {{ types_hash_max_size 2048; gzip on; {temporary} {site} }}
"""


def until(ready: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def site(sqlite_template: Path, keys_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A campaign behind `petition run`, and nginx with the documented file in front."""
    folder = tmp_path_factory.mktemp("nginx")
    port, behind = free_port(), free_port()
    url = f"sqlite:///{folder}/petition.db"
    shutil.copyfile(sqlite_template, folder / "petition.db")
    given = {
        "BASE_URL": f"http://localhost:{port}", "PORT": str(behind), "PROXIES": "1", "DATABASE_URL": url,
        "KEYS_FILE": str(keys_file), "LETTERS_DIR": str(folder / "letters"),
    }  # fmt: skip
    app = create_app(replace(settings.read(given), page_cache=0.0))
    (folder / "nginx.conf").write_text(main_file(folder, adapted(folder, port, behind)))
    assert NGINX, "CI installs nginx"
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        db.session.remove()
        served = subprocess.Popen(
            [sys.executable, "-m", "petition", "run", "--web-only"], env={**os.environ, **given}, cwd=CONF.parents[1],
            start_new_session=True,
        )  # fmt: skip
        nginx = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])
        try:
            until(lambda: answers(port) and answers(behind))
            yield Site(port, behind, folder, cast)
        finally:
            nginx.terminate()
            served.send_signal(signal.SIGINT)
            assert (nginx.wait(20), served.wait(20)) == (0, 0)
            db.session.remove()
            db.database().dispose()


def cut_after(client: socket.socket) -> float:
    """Seconds until the other side hangs up."""
    began = time.monotonic()
    try:
        while client.recv(65536):
            pass
    except ConnectionResetError:
        pass
    finally:
        client.close()
    return time.monotonic() - began


def assert_good(folder: Path) -> None:
    """nginx finds nothing wrong with a folder's file, nor anything to warn of."""
    assert NGINX
    trial = [NGINX, "-t", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    said = subprocess.run(trial, check=False, capture_output=True, text=True)
    assert (said.returncode, "warn" in said.stderr) == (0, False), said.stderr


def test_debians_nginx_takes_the_documented_file(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(main_file(tmp_path, adapted(tmp_path, free_port(), free_port())))
    assert_good(tmp_path)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate in files."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "us")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(datetime.now(UTC))
    made = made.not_valid_after(datetime.now(UTC) + timedelta(days=1))
    pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, private, serialization.NoEncryption()))
    (folder / "chain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    return folder / "key.pem", folder / "chain.pem"


def test_the_lines_about_tls_are_good_once_they_are_filled_in(tmp_path: Path) -> None:
    text = adapted(tmp_path, free_port(), free_port())
    text = re.sub(r"(?m)^( *)# ((?:listen|ssl_)\S* .*;)$", r"\1\2", text)
    key, chain = self_signed(tmp_path)
    text = text.replace("/etc/petition/tls/chain.pem", str(chain)).replace("/etc/petition/tls/key.pem", str(key))
    text = re.sub(r"listen \[::\]:443.*", "", text).replace("listen 443", f"listen 127.0.0.1:{free_port()}")
    assert text.count(" ssl http2") == 2
    (tmp_path / "nginx.conf").write_text(main_file(tmp_path, text))
    assert_good(tmp_path)


def test_somebody_signs_through_nginx(site: Site) -> None:
    answer = site.sign("first@example.org")
    assert answer.status == 303
    where = answer.headers["Location"]
    assert "/inbox/" in where
    inbox, page = site.ask("GET", where)
    assert inbox.status == 200
    assert "first@example.org" in page


def test_a_body_over_the_limit_is_refused(site: Site) -> None:
    """S36, D18: by its length, and where it does not say its length, once it is too long."""
    answer, _ = site.ask("POST", PAGE, body="name=" + "a" * 66_000)
    assert answer.status == 413
    # Organisers send longer texts, and pictures.
    longer, _ = site.ask("POST", "/desk/sign-in", body="email=" + "a" * 90_000)
    assert longer.status == 400
    client = site.slow(
        f"POST {PAGE} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode()
    )
    chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    try:
        for _ in range(5):
            client.sendall(chunk)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert b" 413 " in client.recv(4096)
    client.close()
    at_the_limit, _ = site.ask("POST", PAGE, body="name=" + "a" * 60_000)
    assert at_the_limit.status in (413, 422)
    assert "nginx" not in (at_the_limit.headers["Server"] or "") or at_the_limit.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "first",
    [
        b"POST /en/campaigns/canteen HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"POST /en/campaigns/canteen HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nname=A",
        b"POST /en/campaigns/canteen HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nname=\r\n",
    ],
    ids=["in its headers", "in its body", "in a body without end"],
)
def test_a_client_that_hangs_is_cut_off_and_others_are_answered(site: Site, first: bytes) -> None:
    """S36."""
    hanging = [site.slow(first) for _ in range(12)]
    answer, _ = site.ask("GET", PAGE, timeout=LIMIT)
    assert answer.status == 200
    assert site.sign("beside@example.org").status == 303
    assert all(cut_after(client) < LIMIT + 3 for client in hanging)


def test_five_hundred_clients_that_drip_slow_nobody_down(site: Site) -> None:
    """D19: half of them in their headers, half in their bodies, from fifty addresses; a byte every half second."""
    clients = []
    for number in range(500):
        head = f"POST {PAGE} HTTP/1.1\r\nHost: localhost\r\n"
        rest = "X-Slow: a" if number % 2 else "Content-Length: 60000\r\n\r\nname="
        clients.append(site.slow((head + rest).encode(), origin=f"127.0.1.{number % 50 + 1}"))
    slowest = 0.0
    for number in range(6):
        for client in clients:
            try:
                client.send(b"a")
            except (BrokenPipeError, ConnectionResetError):
                continue
        began = time.monotonic()
        assert site.sign(f"normal{number}@example.org").status == 303
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.5)
    dripping = sum(is_open(client) for client in clients)
    for client in clients:
        client.close()
    assert slowest < 1
    # Those in their headers are cut off whatever they drip; a body may drip, for the application never hears of it.
    assert 200 <= dripping <= 300


def is_open(client: socket.socket) -> bool:
    """Whether the other side has not hung up."""
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ)
        return not selector.select(0)


def test_one_address_may_not_hold_every_connection(site: Site) -> None:
    head = f"POST {PAGE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n".encode()
    holding = [site.slow(head, origin="127.0.2.1") for _ in range(101)]
    until(lambda: sum(not is_open(client) for client in holding) > 0, LIMIT)
    refused, _ = site.ask("GET", "/healthz", origin="127.0.2.1")
    other, _ = site.ask("GET", "/healthz", origin="127.0.2.2")
    for client in holding:
        client.close()
    assert (refused.status, other.status) == (429, 200)
    assert refused.headers["Retry-After"] == "5"


def test_a_flood_of_forms_from_one_address_meets_the_wall_and_its_neighbour_does_not(site: Site) -> None:
    seen = [site.ask("POST", PAGE, body="name=A", origin="127.0.3.1")[0].status for _ in range(130)]
    assert seen[:100] == [422] * 100
    assert 429 in seen[100:]
    assert site.ask("POST", PAGE, body="name=A", origin="127.0.3.2")[0].status == 422
    assert site.ask("GET", PAGE, origin="127.0.3.1")[0].status == 200


def test_a_program_that_asks_for_ever_is_told_so_in_json_and_its_neighbour_is_not(site: Site) -> None:
    """S62: honest where it is the proxy that refuses, and readable from any page."""
    path, refused = "/api/v1/campaigns/canteen/totals", None
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10, source_address=("127.0.0.77", 0))
    for _ in range(3000):
        connection.request("GET", path, headers={"Host": f"localhost:{site.port}"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            refused = answer
            break
    connection.close()
    assert refused is not None
    assert (refused.status, refused.headers["Content-Type"]) == (429, "application/problem+json")
    assert (refused.headers["Retry-After"], refused.headers["Access-Control-Allow-Origin"]) == ("5", "*")
    assert json.loads(said)["status"] == 429
    neighbour, text = site.ask("GET", path, origin="127.0.0.78")
    assert (neighbour.status, json.loads(text)["campaign"]) == (200, "canteen")
    page, _ = site.ask("GET", PAGE, origin="127.0.0.77")
    assert page.status == 200


def test_open_figures_are_kept_by_the_proxy_no_longer_than_they_say(site: Site) -> None:
    """S62: four seconds for what is live, before any browser keeps it too."""
    path = "/api/v1/campaigns/canteen/totals"
    answer, text = site.ask("GET", path)
    assert answer.headers["Cache-Control"] == LIVE
    again, _ = site.ask("GET", path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    total = json.loads(text)["total"]
    letter = next(iter(sign_and_read(site, "figures@example.org")))
    assert site.cast.press(letter).status_code == 303
    until(lambda: json.loads(site.ask("GET", path)[1])["total"] == total + 1, 6)


@pytest.mark.parametrize("said", ["6.6.6.6", "6.6.6.6, 9.9.9.9", "not-an-ip<script>", "", "127.0.0.1, 8.8.8.8"])
def test_what_a_client_says_of_its_own_address_is_not_believed(site: Site, said: str) -> None:
    """D20: nginx appends, and exactly one hop is believed."""
    assert signed_from(site, {"X-Forwarded-For": said, "Forwarded": "for=6.6.6.6"}) == "127.0.4.0/24"


def test_the_entry_of_one_hop_is_believed_and_no_further(site: Site) -> None:
    """D20: what the proxy itself says; here we are the proxy."""
    assert signed_from(site, {"X-Forwarded-For": "6.6.6.6, 9.9.9.9"}, direct=True) == "9.9.9.0/24"
    assert signed_from(site, {"X-Forwarded-For": "6.6.6.6, not-an-ip<script>"}, direct=True) == "127.0.4.0/24"


def signed_from(site: Site, headers: dict[str, str], direct: bool = False) -> str:
    """The network that a signature is stored with."""
    before = set(db.session.scalars(select(PendingSignature.id)))
    db.session.remove()
    assert site.sign("hop@example.org", headers=headers, direct=direct, origin="127.0.4.4").status == 303
    rows = db.session.execute(select(PendingSignature.id, PendingSignature.network)).all()
    stored = next(row.network for row in rows if row.id not in before)
    key = links.known_site_key(networks.key_name(db.now().date()))
    db.session.remove()
    assert key is not None
    candidates = [networks.network(one) for one in ("127.0.4.4", "127.0.0.1", "6.6.6.6", "9.9.9.9", "8.8.8.8")]
    return next(one for one in candidates if crypto.keyed_hash(key, "network", one) == stored)


def test_a_public_page_is_kept_by_its_path_alone(site: Site) -> None:
    """And for a second: the log says whether nginx asked the application."""
    time.sleep(2.1)
    answers = [site.ask("GET", f"{PAGE}?source={number}") for number in range(20)]
    assert {answer.status for answer, _ in answers} == {200}
    assert len({text for _, text in answers}) == 1
    lines = [line for line in site.log().splitlines() if line.split()[2] == PAGE][-20:]
    # A second may have turned meanwhile.
    assert sum(line.endswith(" HIT") for line in lines) >= 18


def test_a_compressed_page_goes_only_to_who_takes_it(site: Site) -> None:
    for accepted, coding in (("br, gzip", "br"), ("gzip, deflate", "gzip")):
        packed, _ = site.ask("GET", PAGE, headers={"Accept-Encoding": accepted})
        assert packed.headers["Content-Encoding"] == coding
    plain, text = site.ask("GET", PAGE, headers={"Accept-Encoding": "deflate"})
    assert plain.headers["Content-Encoding"] is None
    assert "canteen" in text


def test_who_has_the_page_is_told_that_it_is_the_same(site: Site) -> None:
    first, _ = site.ask("GET", "/en/privacy")
    again, body = site.ask("GET", "/en/privacy", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, body) == (304, "")


def test_nothing_of_one_persons_is_kept_or_written_down(site: Site) -> None:
    """B8: whatever is secret in an address stands neither in the log nor on the disk."""
    answer = site.sign("secret@example.org")
    letters = [letter for letter in site.cast.deliver() if letter.to == "secret@example.org"]
    link = link_in(letters[0]).partition("?")[0]
    inbox = answer.headers["Location"]
    framed = inbox.replace(PAGE, f"/embed{PAGE}/dark")
    for path in (
        link,
        link,
        inbox,
        inbox,
        framed,
        framed.replace("/dark", ""),
        f"/kept/{inbox[-9:]}",
        f"/T/{link[3:]}",
        f"{PAGE}/thanks/{inbox[-9:]}",
    ):
        site.ask("GET", path, headers={"Referer": f"http://localhost{link}", "User-Agent": "Quokka"})
    site.ask("GET", f"{PAGE}?secret={link[-20:]}")
    pressed, _ = site.ask("POST", link + "/confirm", body="row=0")
    assert pressed.status in (200, 303)
    log = site.log()
    secrets = (link[3:], link[-20:], inbox[-9:], "secret", "Quokka", "127.0.0.1")
    assert [secret for secret in secrets if secret in log] == []
    assert "/t/- " in log
    assert f"{PAGE}/inbox/- " in log
    assert f"/embed{PAGE}/dark/inbox/- " in log
    kept = b"".join(path.read_bytes() for path in (site.folder / "cache").rglob("*") if path.is_file())
    assert b"/en/campaigns/canteen" in kept
    assert [secret for secret in (link[3:], "secret@example.org", inbox[-9:]) if secret.encode() in kept] == []
    spilt = [path for path in site.folder.glob("temp_*/**/*") if path.is_file()]
    assert spilt == []


def test_a_foreign_name_gets_no_answer(site: Site) -> None:
    with pytest.raises(ConnectionResetError):
        site.ask("GET", PAGE, headers={"Host": "evil.example"})


def test_a_total_shown_through_nginx_is_two_seconds_old_at_most(site: Site) -> None:
    """S51: nginx counts in whole seconds and keeps a page for up to two; what the application kept in the second before
    does not come on top of them."""
    letter, page = next(iter(sign_and_read(site, "fresh@example.org"))), "/es/campaigns/canteen"
    wanted = f"<strong>{site.cast.total() + 1}</strong>"
    until_in_a_second(0.55)
    assert wanted not in site.ask("GET", page, direct=True)[1]
    assert site.cast.press(letter).status_code == 303
    until_in_a_second(0.02)
    assert wanted in site.ask("GET", page)[1]


def until_in_a_second(part: float) -> None:
    """Wait until so much of a second of the clock is over."""
    time.sleep((part - time.time()) % 1)


def sign_and_read(site: Site, email: str) -> list:
    """The letters that a signature brings."""
    assert site.sign(email).status == 303
    return [letter for letter in site.cast.deliver() if letter.to == email]


def test_readers_keep_their_pages_while_the_application_is_away(site: Site, tmp_path: Path) -> None:
    """Another nginx with nothing behind it, which has the first one's pages; forms are told to come back."""
    site.ask("GET", PAGE)
    port = free_port()
    text = adapted(tmp_path, port, free_port())
    shutil.copytree(site.folder / "cache", tmp_path / "cache")
    (tmp_path / "nginx.conf").write_text(main_file(tmp_path, text))
    assert NGINX
    nginx = subprocess.Popen([NGINX, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")])
    try:
        until(lambda: answers(port))
        lonely = replace(site, port=port)
        until(lambda: lonely.ask("GET", PAGE)[0].status == 200)
        form, said = lonely.ask("POST", PAGE, body="name=A")
        personal, _ = lonely.ask("GET", "/t/abc")
    finally:
        nginx.terminate()
        nginx.wait(20)
    assert (form.status, form.headers["Retry-After"]) == (503, "30")
    assert "try again" in said
    assert personal.status == 503


class Silent(socketserver.BaseRequestHandler):
    """A web server that is being stopped: hears a request, and closes the line without a word."""

    def handle(self) -> None:
        """Hear it."""
        if self.request.recv(65536):
            self.server.heard += 1  # type: ignore[attr-defined]


class Slow(socketserver.BaseRequestHandler):
    """A busy one: what it is asked, the site's own answers a fifth of a second later."""

    def handle(self) -> None:
        """Answer one request."""
        asked = self.request.recv(65536)
        if not asked:
            return
        time.sleep(0.2)
        with socket.create_connection(("127.0.0.1", self.server.behind)) as site:  # type: ignore[attr-defined]
            site.sendall(asked.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            while said := site.recv(65536):
                self.request.sendall(said)


@contextmanager
def with_server(
    site: Site, folder: Path, handler: type[socketserver.BaseRequestHandler], *, alone: bool
) -> Iterator[tuple[Site, socketserver.TCPServer]]:
    """Another nginx, with a server of ours behind it: alone, or beside the site's own."""
    assert NGINX
    port, server = free_port(), socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    server.heard, server.behind = 0, site.behind  # type: ignore[attr-defined]
    text = adapted(folder, port, site.behind)
    (line,) = re.findall(rf"server 127.0.0.1:{site.behind} [^;]*;", text)
    text = text.replace(line, line.replace(str(site.behind), str(server.server_address[1])) + ("" if alone else line))
    (folder / "nginx.conf").write_text(main_file(folder, text))
    with server:
        threading.Thread(target=server.serve_forever).start()
        nginx = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])
        try:
            until(lambda: answers(port))
            yield replace(site, port=port, folder=folder), server
        finally:
            nginx.terminate()
            nginx.wait(20)
            server.shutdown()


def told(folder: Path) -> list[str]:
    """Where nginx says that each answer came from."""
    return [line.split()[-1] for line in (folder / "access.log").read_text().splitlines()]


def test_when_a_page_is_over_one_reader_brings_the_new_one_and_nobody_is_handed_on_beside(
    site: Site, tmp_path: Path
) -> None:
    """Thousands a second ask for one page when a campaign is embedded everywhere: the site must not notice."""
    with with_server(site, tmp_path, Slow, alone=True) as (slow, _):
        end = time.monotonic() + 4.5
        statuses: set[int] = set()

        def read() -> None:
            # On one line each: thousands of lines would leave the machine without ports.
            line = http.client.HTTPConnection("127.0.0.1", slow.port, timeout=10)
            while time.monotonic() < end:
                line.request("GET", PAGE, headers={"Host": f"localhost:{site.port}"})
                answer = line.getresponse()
                answer.read()
                statuses.add(answer.status)
            line.close()

        readers = [threading.Thread(target=read) for _ in range(8)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    assert statuses == {200}
    said = told(tmp_path)
    assert len(said) > 100
    # It is over every other second.
    assert 2 <= sum(one in ("MISS", "EXPIRED", "REVALIDATED") for one in said) <= 4, said


def test_a_page_that_nobody_asked_for_a_while_is_never_shown_old(site: Site, tmp_path: Path) -> None:
    """Of two who ask at once the second waits as the first does: the total they see is from after they signed."""
    with with_server(site, tmp_path, Slow, alone=True) as (slow, _):
        host = {"Host": f"localhost:{site.port}"}
        slow.ask("GET", PAGE, headers=host)
        time.sleep(3.1)
        readers = [threading.Thread(target=lambda: slow.ask("GET", PAGE, headers=host)) for _ in range(4)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        until(lambda: len(told(tmp_path)) == 5)
    assert not {"UPDATING", "STALE", "HIT"} & set(told(tmp_path))


def test_a_form_that_one_server_closes_the_line_on_is_taken_by_the_next_but_an_organisers_is_not_sent_twice(
    site: Site, tmp_path: Path
) -> None:
    """What restarts of web servers one after the other rest on: whoever signs twice has done so once."""
    # Another test may have left a transaction open.
    db.session.remove()
    with with_server(site, tmp_path, Silent, alone=False) as (both, silent):
        statuses: list[int] = []
        while silent.heard < 3:  # type: ignore[attr-defined]
            statuses.append(both.sign(f"silent{len(statuses)}@example.org").status)
            assert len(statuses) < 50
        desk: list[int] = []
        while 503 not in desk and len(desk) < 20:
            desk.append(both.ask("POST", "/desk/login", body="email=a")[0].status)
    assert set(statuses) == {303}
    assert 503 in desk


def test_what_is_for_operators_is_not_let_out(site: Site) -> None:
    # Another test may have left a transaction open, and the site would rightly say that it cannot write.
    db.session.remove()
    for path in ("/readyz", "/metrics", "/metrics?x=1"):
        assert site.ask("GET", path)[0].status == 404
        answer, page = site.ask("GET", "/readyz", direct=True)
        assert (answer.status, "worker: " in page) == (503, True)
    assert site.ask("GET", "/healthz")[1] == "alive\n"
