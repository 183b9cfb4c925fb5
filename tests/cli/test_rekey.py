"""A new key made known, made active, and everything moved to it, while people sign (S74, E4, X14)."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, text

from petition import decisions, links, objections, resealing
from petition.base import crypto, db, files, jobs, outbox
from petition.base.crypto import Ring
from petition.cli import keys as commands
from petition.resealing import PLACES
from tests import organisers
from tests.cast import Cast, Sink, link_in
from tests.cli.conftest import Petition
from tests.web import asking, endorsing
from tests.web.steps import path_of, pending, stored

MakeApp = Callable[..., Flask]
#: What the database holds as bytes and is no ciphertext: keyed hashes, pictures, random names.
NOT_SEALED = {
    "account_session.id", "block.key", "contact.mailbox", "contact_link.mailbox", "endorsement.mailbox",
    "erasure.mailbox",
    "gathering.network", "gathering.next_network", "guess.key", "letter.mailbox", "letter.network", "link.mailbox",
    "mailbox_day.mailbox", "pending_contact.mailbox", "pending_signature.domain", "pending_signature.mailbox",
    "pending_signature.network", "share_picture.png", "signature.domain", "signature.mailbox", "signature.network",
    "suppression.mailbox",
}  # fmt: skip


@pytest.fixture
def ring(tmp_path: Path, keys_file: Path) -> Path:
    """A copy of the ring of the other fixtures, to be changed."""
    path = tmp_path / "ring.json"
    crypto.write(path, crypto.read(keys_file))
    return path


@pytest.fixture
def typed(petition: Petition, ring: Path, monkeypatch: pytest.MonkeyPatch) -> Petition:
    """Commands with that ring, which take no rest."""
    monkeypatch.setattr(commands, "PAUSE", 0)
    return lambda *words: petition(*words, KEYS_FILE=str(ring))


def test_every_column_of_bytes_is_moved_to_a_new_key_or_known_to_be_no_ciphertext() -> None:
    """Whoever adds a sealed column adds it there."""
    binary = {
        f"{table.name}.{column.name}"
        for table in db.Base.metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, LargeBinary)
    }
    moved = {place.name for place in PLACES}
    assert moved | NOT_SEALED == binary
    assert moved & NOT_SEALED == set()


def everything_sealed(cast: Cast) -> str:
    """One thing at least in each place; the path of a signer's own page."""
    cast.campaign()
    own = path_of(link_in(cast.signed("ana@example.org", news="y")))
    cast.sign("luz@example.org")
    asking.ask(cast, "join")
    cast.deliver()
    endorsing.confirmed(cast, "cy@example.org")
    decisions.decide(stored()[0].id, "hold", actor="a test", reason="a doubt", at=db.now())
    db.session.commit()
    cast.browser().post(f"{own}/object", data={"words": "It was me."})
    organisers.enrol("Olga")
    job_id = jobs.post("trial", {"who": "ana"}, actor="a test", at=db.now())
    outbox.post("ready", language="en", sealed={"to": "olga@example.org"})
    row = db.session.get_one(jobs.Job, job_id)
    row.result = crypto.seal("job", str(job_id), b'{"found": 1}')
    files.keep("secret list", [b"x" * 300_000, b"y" * 700_000, b"z" * 500_000], sealed=True)
    files.keep("picture", [b"\1\1" + b"p" * 100], sealed=False)
    db.session.commit()
    return own


def test_everything_moves_to_the_new_key_and_still_opens(
    cast: Cast, typed: Petition, ring: Path, make_app: MakeApp
) -> None:
    own = everything_sealed(cast)
    before = resealing.counts()
    db.session.remove()
    assert set(before) == {1}
    assert typed("keys", "new").exit_code == typed("keys", "activate", "2").exit_code == 0

    refused = typed("keys", "remove", "1", "--yes")
    assert (refused.exit_code, set(crypto.read(ring).keys)) == (2, {1, 2})
    assert f"still seals {before[1]} pieces" in refused.stderr

    result = typed("keys", "rekey")
    assert result.exit_code == 0, result.stderr
    assert f"Sealed {before[1]} again." in result.stdout
    assert typed("keys", "rekey").stdout.startswith("Sealed 0 again.")
    assert resealing.counts() == {2: before[1]}
    db.session.remove()

    # Links are signed, not sealed: with the old key gone, a new one is sent.
    assert make_app(keys_file=ring).test_client().get(own).status_code == 200
    said = typed("keys", "remove", "1", "--yes")
    assert (said.exit_code, set(crypto.read(ring).keys)) == (0, {2})
    app = make_app(keys_file=ring)
    assert app.test_client().get(own).status_code == 404
    with app.app_context():
        opens_everything()


def opens_everything() -> None:
    for place in PLACES:
        rows = db.session.execute(resealing.select(*place.table.c).where(place.column.is_not(None), place.only)).all()
        assert rows, place.name
        for row in rows:
            assert crypto.unseal(place.purpose, place.context(row), getattr(row, place.column.key)) is not None
    assert b"".join(files.read("secret list")) == b"x" * 300_000 + b"y" * 700_000 + b"z" * 500_000
    assert b"".join(files.read("picture"))[:2] == b"\1\1"
    assert {objections.said(row).objection for row in objections.waiting(stored()[0].campaign_id, 9)} == {"It was me."}
    assert links.known_site_key("site")
    db.session.remove()


def test_what_does_not_open_is_told_and_keeps_its_key(cast: Cast, typed: Petition) -> None:
    cast.campaign()
    cast.sign()
    (row,) = pending()
    db.session.merge(row).sealed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])
    db.session.commit()
    typed("keys", "new")
    typed("keys", "activate", "2")
    result = typed("keys", "rekey")
    assert (result.exit_code, "1 pieces do not open" in result.stderr) == (1, True)
    assert typed("keys", "remove", "1", "--yes").exit_code == 2


def test_a_process_that_still_seals_with_the_old_key_is_noticed(
    cast: Cast, typed: Petition, ring: Path, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knows the new key and was not restarted since: what it stores in the meantime is found at the end."""
    cast.campaign()
    typed("keys", "new")
    old = replace(cast, app=make_app(keys_file=ring))
    typed("keys", "activate", "2")
    steps = resealing.Pass.steps

    def beside(self: resealing.Pass) -> Iterator[resealing.Place]:
        yield from steps(self)
        with old.app.app_context():
            assert old.sign("late@example.org").status_code == 303
            db.session.remove()

    monkeypatch.setattr(commands, "PASSES", 1)
    monkeypatch.setattr(resealing.Pass, "steps", beside)
    result = typed("keys", "rekey")
    assert (result.exit_code, "a process still runs with the old ring" in result.stderr) == (1, True)


@pytest.mark.parametrize(("key", "why"), [("1", "is active"), ("7", "has no key 7")])
def test_a_key_that_is_needed_or_not_there_is_not_removed(typed: Petition, ring: Path, key: str, why: str) -> None:
    refused = typed("keys", "remove", key, "--yes")
    assert (refused.exit_code, why in refused.stderr) == (2, True)
    assert set(crypto.read(ring).keys) == {1}


class Crowd:
    """People who sign, get their letter and press the button, one after the other, at whichever process is there."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._sink = Sink()
        self.pressed = 0
        self.statuses: list[int] = []
        self.signed = 0
        self.leaving = threading.Event()
        self.cast: Cast | None = None
        self._thread = threading.Thread(target=self._run)

    def begin(self) -> None:
        self._thread.start()

    def goes_on(self) -> None:
        """Two more rounds: the second one began after this was called."""
        until, deadline = self.signed + 2, time.monotonic() + 30
        while self.signed < until:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def end(self) -> None:
        self.leaving.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self.leaving.is_set():
            # A process of its own for each round: restarts fall between two of them, or into them.
            cast = replace(self.cast, sink=self._sink)
            email = f"{self._name}{self.signed}@example.org"
            with cast.app.app_context():
                self.statuses.append(cast.sign(email).status_code)
                for letter in cast.deliver(1):
                    self.statuses.append(cast.press(letter).status_code)
                    self.pressed += 1
            self.signed += 1


def test_under_load_a_key_is_made_known_then_active_then_the_only_one_without_an_error(
    cast: Cast, typed: Petition, ring: Path, make_app: MakeApp
) -> None:
    """S74: people sign all the time; letters of the old key are pressed after the new one is active."""
    cast.campaign()
    early = cast.signed("early@example.org")
    cast.sign("slow@example.org")
    (waiting,) = cast.deliver()
    crowd = [Crowd("a"), Crowd("b")]

    def restarted() -> None:
        app = make_app(keys_file=ring)
        for one in crowd:
            one.cast = replace(cast, app=app)

    restarted()
    for one in crowd:
        one.begin()
    for words in (("new",), ("activate", "2")):
        for one in crowd:
            one.goes_on()
        assert typed("keys", *words).exit_code == 0
        restarted()
    # Those who were under way with the old ring finish their round.
    for one in crowd:
        one.goes_on()
    result = typed("keys", "rekey")
    last = replace(crowd[0].cast)
    for one in crowd:
        one.end()
    assert result.exit_code == 0, result.stderr
    assert {status for one in crowd for status in one.statuses} == {303}
    assert resealing.counts().keys() == {2}
    db.session.remove()
    # Old links and forms open.
    with last.app.app_context():
        assert last.press(waiting).status_code == 303
        assert last.browser().get(path_of(link_in(early))).status_code == 200
        assert last.total() == 2 + sum(one.pressed for one in crowd)


def test_a_letter_that_waits_is_moved_and_still_goes_out(
    cast: Cast, typed: Petition, ring: Path, make_app: MakeApp
) -> None:
    cast.campaign()
    cast.sign()
    typed("keys", "new")
    typed("keys", "activate", "2")
    assert typed("keys", "rekey").exit_code == 0
    typed("keys", "remove", "1", "--yes")
    app = make_app(keys_file=ring)
    with app.app_context():
        later = replace(cast, app=app)
        (letter,) = later.deliver()
        assert later.press(letter).status_code == 303
        assert Ring(2, {2: crypto.ring().keys[2]}).active == crypto.ring().active
        assert later.total() == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_campaign_that_is_being_signed_is_moved_at_once(cast: Cast, typed: Petition) -> None:
    """On PostgreSQL each new row holds the row of its campaign until its commit."""
    cast.campaign()
    typed("keys", "new")
    typed("keys", "activate", "2")
    with db.database().engine.connect() as connection:
        connection.execute(text("SELECT id FROM campaign FOR KEY SHARE"))
        result = typed("keys", "rekey")
    assert (result.exit_code, result.stdout.count("again.")) == (0, 1)
