"""`petition doctor`, tried on each fault itself: what is wrong in plain words, what to do, and how it ends."""

import contextlib
import http.server
import ssl
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from click.testing import CliRunner, Result
from sqlalchemy import text, update

from petition import sightings
from petition.app import create_app
from petition.base import crypto, db, outbox, settings
from petition.base.crypto import Ring
from petition.cli import findings, main, reaching
from petition.cli.findings import WRONG, Finding
from petition.register import Move
from tests.cast import Cast, free_port
from tests.cli.conftest import Petition
from tests.domain.test_smtp import Authority, Server
from tests.faults import every_connection, not_migrated, read_only

#: A public site with a proxy and a mail server; each test breaks one thing.
#: For faults that a server of its own answers for.
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PUBLIC = {
    "BASE_URL": "https://petition.example.org", "SMTP_URL": "smtp://letters:secret@mail.example.org:587",
    "MAIL_FROM": "letters@example.org", "PROXIES": "1", "METRICS_TOKEN": "x" * 24,
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[Server]:
    """A mail server that takes letters."""
    with contextlib.closing(Server()) as started:
        yield started


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Who makes certificates."""
    return Authority(tmp_path)


@pytest.fixture
def well(cast: Cast, database_url: str) -> Cast:
    """A site where everything is as it should be."""
    if db.is_sqlite():
        Path(database_url.removeprefix("sqlite:///")).chmod(0o600)
    sightings.see("one", sightings.WORKER, db.now())
    sightings.backed_up(db.now())
    db.session.commit()
    return cast


def wrong(result: Result) -> list[str]:
    """What was found wrong, with what to do, and that the command ended as it must."""
    parts = result.stdout.split("\n")
    found = [f"{line[7:]} {parts[number + 1].strip()}" for number, line in enumerate(parts) if line.startswith("WRONG")]
    assert result.exit_code == (1 if found else 0), result.output
    assert ("Nothing is wrong" in result.stdout) == (not found)
    assert all("→ " in one for one in found), found
    assert "fault: please report" not in result.stdout
    return found


def only(result: Result) -> str:
    """The one thing that is wrong."""
    found = wrong(result)
    assert len(found) == 1, result.output
    return found[0]


def test_where_all_is_well_nothing_is_wrong(well: Cast, petition: Petition) -> None:
    result = petition("doctor", "--here", **PUBLIC)
    assert wrong(result) == []
    assert result.stdout.endswith("Nothing is wrong.\n")
    assert "look " not in result.stdout


def test_a_trial_is_told_what_it_is_and_is_not_wrong(well: Cast, petition: Petition) -> None:
    result = petition("doctor", "--here")
    assert wrong(result) == []
    assert "letters are kept in" in result.stdout
    assert "no alarm can be raised" in result.stdout


@pytest.mark.parametrize(
    ("setting", "said"),
    [({"PORT": "eighty"}, "PORT must be a whole number"), ({"SMTP_URL": ""}, "SMTP_URL is missing")],
)
def test_a_setting_that_is_wrong_is_named(setting: dict[str, str], said: str) -> None:
    assert said in only(typed("doctor", "--here", **setting))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"BASE_URL": "http://petition.example.org"}, "where others can read it"),
        ({"PROXIES": "0"}, "every visitor seems to come from there"),
    ],
)
def test_settings_that_are_right_alone_and_wrong_together_are_named(setting: dict[str, str], said: str) -> None:
    (found,) = of_level(WRONG, findings.of_settings(settings.read(PUBLIC | setting)))
    assert said in found


def of_level(level: str, found: Iterable[Finding]) -> list[str]:
    """What is found, with what to do."""
    return [f"{one.words} → {one.remedy}" for one in found if one.level == level]


def typed(*words: str, **environ: str) -> Result:
    return CliRunner().invoke(main, list(words), env=PUBLIC | environ)


@pytest.mark.parametrize(
    ("mode", "said"), [(0o644, "`chmod 600` it"), (0o640, "`chmod 600` it"), (None, "no key ring")]
)
def test_a_key_ring_that_others_read_or_that_is_gone_is_told(tmp_path: Path, mode: int | None, said: str) -> None:
    ring = tmp_path / "keys.json"
    if mode is not None:
        crypto.write(ring, crypto.with_new_key(None))
        ring.chmod(mode)
    found = only(typed("doctor", "--here", KEYS_FILE=str(ring)))
    assert said in found
    assert "put it back from its backup" in found


def test_a_folder_in_which_others_may_replace_the_key_ring_is_told(tmp_path: Path) -> None:
    open_to_all = tmp_path / "open"
    crypto.write(open_to_all / "keys.json", crypto.with_new_key(None))
    assert of_level(WRONG, findings.of_keys(open_to_all / "keys.json")) == []
    open_to_all.chmod(0o777)
    (found,) = of_level(WRONG, findings.of_keys(open_to_all / "keys.json"))
    assert f"chmod 700 {open_to_all}" in found


def test_another_key_ring_than_the_database_s_own_is_told(well: Cast, petition: Petition, tmp_path: Path) -> None:
    well.campaign()
    crypto.write(tmp_path / "other.json", crypto.with_new_key(None))
    found = only(petition("doctor", "--here", **PUBLIC, KEYS_FILE=str(tmp_path / "other.json")))
    assert "does not open with this key ring" in found


def test_a_ring_from_before_the_newest_key_is_told_though_it_opens_every_campaign(
    well: Cast, petition: Petition, keys_file: Path, tmp_path: Path
) -> None:
    """A ring put back from an older backup."""
    well.campaign()
    older, newer = crypto.read(keys_file), tmp_path / "newer.json"
    added = crypto.with_new_key(older)
    crypto.write(newer, Ring(max(added.keys), added.keys))
    app = create_app(replace(settings.current(), keys_file=newer))
    db.session.remove()
    with app.app_context():
        assert Cast(app).sign().status_code == 303
        db.session.remove()
        db.database().dispose()
    found = only(petition("doctor", "--here", **PUBLIC))
    assert f"lacks a key that seals some of what is stored (number {max(added.keys)})" in found
    assert wrong(petition("doctor", "--here", **PUBLIC, KEYS_FILE=str(newer))) == []


def test_a_database_that_is_away_is_told(well: Cast, petition: Petition, tmp_path: Path) -> None:
    if db.is_sqlite():
        away = {f"sqlite:///{tmp_path}/nowhere/petition.db": "cannot be opened"}
    else:
        url = db.database().engine.url
        away = {
            f"postgresql://127.0.0.1:{free_port()}/petition": "Is the server running",
            f"postgresql:///none-such?host={url.query['host']}&user={url.username}": "no database of that name",
        }
    for url, said in away.items():
        assert said in only(petition("doctor", "--here", **PUBLIC, DATABASE_URL=url))


def test_a_file_that_is_no_database_is_told(keys_file: Path, tmp_path: Path) -> None:
    (tmp_path / "petition.db").write_bytes(b"no database at all" * 1000)
    found = only(typed("doctor", "--here", KEYS_FILE=str(keys_file), DATABASE_URL=f"sqlite:///{tmp_path}/petition.db"))
    assert "Its file is damaged. (DatabaseError) → Stop everything and restore it" in found


def test_a_database_that_is_not_migrated_is_told(well: Cast, petition: Petition) -> None:
    with not_migrated():
        assert "→ petition migrate" in only(petition("doctor", "--here", **PUBLIC))


def test_a_database_that_is_read_only_is_told(well: Cast, petition: Petition) -> None:
    with read_only():
        assert "it is read-only" in only(petition("doctor", "--here", **PUBLIC)).lower()


def test_a_full_disk_is_told(well: Cast, petition: Petition, database_url: str) -> None:
    if db.is_sqlite():
        said = "database or disk is full"
        change = f"CREATE TRIGGER no BEFORE INSERT ON sighting BEGIN SELECT RAISE(FAIL, '{said}'); END"
    else:
        change = (
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$;"
            "CREATE TRIGGER no BEFORE INSERT ON sighting FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
    with db.database().engine.begin() as connection:
        connection.execute(text(change))
    found = only(petition("doctor", "--here", **PUBLIC))
    assert "its disk is full" in found
    assert "Make room" in found


@only_sqlite
def test_a_database_that_somebody_else_holds_is_told(well: Cast, petition: Petition) -> None:
    engine = db.database().engine
    db.session.remove()
    with every_connection("busy_timeout = 50"), engine.begin():
        found = wrong(petition("doctor", "--here", **PUBLIC))
    assert "somebody else has been writing" in found[0]


@only_sqlite
def test_a_disk_that_is_nearly_full_is_told(well: Cast, petition: Petition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("petition.cli.findings.LEAST_BYTES", 10**18)
    assert "before it is full" in only(petition("doctor", "--here", **PUBLIC))


@only_sqlite
@pytest.mark.parametrize(
    ("free", "size", "nearly"), [(6, 100, False), (4, 100, True), (0.9, 10, True), (1.1, 10, False)]
)
def test_a_disk_is_nearly_full_by_its_share_or_by_its_bytes(
    well: Cast, petition: Petition, monkeypatch: pytest.MonkeyPatch, free: float, size: int, nearly: bool
) -> None:
    """Of the machine's own figures; the alarm has the same limits."""
    usage = SimpleNamespace(free=int(free * 1e9), total=int(size * 1e9))
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    found = wrong(petition("doctor", "--here", **PUBLIC))
    assert [f"{free:.1f} GB free of {size:.1f}" in one for one in found] == [True] * nearly


@only_sqlite
def test_a_file_that_others_can_read_is_told(well: Cast, petition: Petition, database_url: str) -> None:
    file = Path(database_url.removeprefix("sqlite:///"))
    file.chmod(0o644)
    assert f"chmod 600 {file}" in only(petition("doctor", "--here", **PUBLIC))


def test_a_worker_that_is_gone_is_told(well: Cast, petition: Petition) -> None:
    sightings.see("one", sightings.WORKER, db.now() - timedelta(minutes=7))
    db.session.commit()
    found = only(petition("doctor", "--here", **PUBLIC))
    assert "none is at work; the last one was seen 7 minutes ago" in found
    assert "systemctl start" in found


def test_a_clock_that_is_wrong_is_told(well: Cast, petition: Petition) -> None:
    """F10: a worker's clock is an hour ahead; or this machine's is, of which a server knows."""
    sightings.see("two", sightings.WORKER, db.now() + timedelta(hours=3))
    db.session.commit()
    assert "Clocks: they differ by 2 hours" in only(petition("doctor", "--here", **PUBLIC))
    if not db.is_sqlite():
        with time_machine.travel(db.now() + timedelta(hours=5), tick=True):
            assert any("Clocks: they differ by" in one for one in wrong(petition("doctor", "--here", **PUBLIC)))


def test_what_stands_still_is_told(well: Cast, petition: Petition) -> None:
    well.campaign()
    well.signed()
    earlier = db.now() - timedelta(hours=5)
    outbox.post("ready", language="en", due_at=earlier)
    parked = outbox.post("ready", language="en")
    db.session.execute(update(outbox.table).where(outbox.table.c.id == parked).values(state="parked"))
    db.session.execute(update(Move).values(at=earlier))
    db.session.commit()
    letters, moves, failed = wrong(petition("doctor", "--here", **PUBLIC))
    assert "Letters somebody waits for: 1 due, the oldest for 5 hours" in letters
    assert "Changes of the totals: 1 due" in moves
    assert "1 letters are parked" in failed
    assert "petition letter retry" in failed


def test_a_backup_that_is_old_or_was_never_made_is_told_and_noting_one_mends_it(well: Cast, petition: Petition) -> None:
    sightings.backed_up(db.now() - timedelta(days=3))
    db.session.commit()
    assert "The last backup was made 3 days ago" in only(petition("doctor", "--here", **PUBLIC))
    assert petition("backed-up").exit_code == 0
    assert wrong(petition("doctor", "--here", **PUBLIC)) == []
    with db.database().engine.begin() as connection:
        connection.execute(text("DELETE FROM sighting WHERE kind = 'backup'"))
    never = petition("doctor", "--here", **PUBLIC)
    assert (wrong(never), "No backup was ever noted" in never.stdout) == ([], True)


class Page:
    """A web server that answers every path alike, with a certificate or without."""

    def __init__(self, body: bytes, status: int = 200, tls: ssl.SSLContext | None = None) -> None:
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> "Page":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def reached(keys_file: Path, **environ: str) -> list[str]:
    """What is wrong outside, of a site whose address and mail server are these."""
    read = settings.read(PUBLIC | {"KEYS_FILE": str(keys_file)} | environ)
    with create_app(read).app_context():
        return [one for part in (reaching.of_address, reaching.of_mail) for one in of_level(WRONG, part(read))]


def mail(port: int, scheme: str = "smtp+plain", user: str = "") -> dict[str, str]:
    return {"SMTP_URL": f"{scheme}://{user}127.0.0.1:{port}"}


def test_a_site_that_answers_and_a_mail_server_that_takes_letters_are_well_and_no_letter_is_sent(
    well: Cast,
    petition: Petition,
    server: Server,
) -> None:
    with Page(b"alive\n") as page:
        here = {"BASE_URL": f"http://127.0.0.1:{page.port}"} | mail(server.port)
        result = petition("doctor", **PUBLIC | here)
    assert wrong(result) == []
    assert "The site answers at" in result.stdout
    assert "takes letters from letters@example.org" in result.stdout
    assert server.stored == []
    assert any(line.lower().startswith("rcpt") for line in server.heard)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://nowhere.invalid", "DNS does not know nowhere.invalid"),
        ("http://127.0.0.1:{closed}", "Nothing answers at"),
        ("http://127.0.0.1:{other}", "something else answers than this program"),
        ("http://127.0.0.1:{failing}", "The site answers 502"),
    ],
)
def test_an_address_that_does_not_lead_here_is_told(
    keys_file: Path,
    server: Server,
    url: str,
    said: str,
) -> None:
    with Page(b"Welcome to nginx!") as other, Page(b"", 502) as failing:
        address = url.format(closed=free_port(), other=other.port, failing=failing.port)
        found = reached(keys_file, BASE_URL=address, **mail(server.port))
    assert any(said in one for one in found), found


def test_a_site_whose_certificate_is_bad_is_told(
    keys_file: Path,
    server: Server,
    authority: Authority,
) -> None:
    with Page(b"alive\n", tls=authority.context()) as page:
        (found,) = reached(keys_file, BASE_URL=f"https://127.0.0.1:{page.port}", **mail(server.port))
    assert "The certificate at" in found
    assert "systemctl reload nginx" in found


@pytest.mark.parametrize(
    ("word", "reply", "said"),
    [
        (None, "", "nothing listens on that port"),
        ("BANNER", "hang up", "it hangs up"),
        ("MAIL", "550 5.7.1 not you", "it refuses us for good"),
        ("RCPT", "550 5.1.1 nobody", "refuses this letter for good"),
        ("RCPT", "450 4.2.0 greylisted, come again", "does not take this letter now"),
        ("MAIL", "421 4.3.2 shutting down", "does not"),
    ],
)
def test_a_mail_server_that_does_not_take_letters_is_told(
    keys_file: Path,
    server: Server,
    word: str | None,
    reply: str,
    said: str,
) -> None:
    if word:
        server.replies[word] = [reply]
    with Page(b"alive\n") as page:
        port = server.port if word else free_port()
        (found,) = reached(keys_file, BASE_URL=f"http://127.0.0.1:{page.port}", **mail(port))
    assert said in found
    assert "petition letter test" in found


def test_a_mail_server_that_is_unknown_or_whose_certificate_is_bad_or_that_has_no_tls_is_told(
    keys_file: Path,
    server: Server,
    authority: Authority,
) -> None:
    late = Server(authority.context(days=-1))
    try:
        with Page(b"alive\n") as page:
            here = {"BASE_URL": f"http://127.0.0.1:{page.port}", "SMTP_CA_FILE": str(authority.file)}
            found = [
                reached(keys_file, **here, **said)[0]
                for said in (mail(late.port, "smtp"), mail(server.port, "smtp"), {"SMTP_URL": "smtp://nowhere.invalid"})
            ]
    finally:
        late.close()
    assert "its certificate is not to be trusted" in found[0]
    assert "it offers no STARTTLS" in found[1]
    assert "its name is not known to DNS" in found[2]


def test_the_doctor_tells_no_secret(well: Cast, petition: Petition, keys_file: Path) -> None:
    url = "postgresql://petition:hush-7f3a@127.0.0.1:1/petition"
    secrets = PUBLIC | {"SMTP_URL": "smtp://letters:hush-7f3a@127.0.0.1:1", "METRICS_TOKEN": "hush-7f3a" * 3}
    result = petition("doctor", **secrets | {"BASE_URL": "http://127.0.0.1:1", "DATABASE_URL": url})
    assert result.exit_code == 1
    assert "7f3a" not in result.output
    for key in crypto.read(keys_file).keys.values():
        assert key.hex() not in result.output
