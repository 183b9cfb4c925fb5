"""The commands of docs/backup.md, as they stand there, on both databases, and what they promise (C12, E3)."""

import base64
import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import time_machine
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select, update

from petition import accounts, campaigns, erasures, links, register, running, sightings, signatures
from petition.base import crypto, db, mailbox, tokens
from petition.cli.backup import LEFT_OUT
from petition.contacts import Contact
from petition.erasures import Book, Erasure
from petition.journal import Entry
from petition.links import Link, Suppression
from petition.sightings import Sighting
from petition.signatures import PendingSignature
from tests.cast import Cast, link_in
from tests.cli.conftest import Petition, petition, settings_of  # noqa: F401  # the console script, as fixtures

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "backup.md").read_text()
MakeApp = Callable[..., Flask]


class Machine:
    """A folder like a site's own, and the empty databases that it may be restored to."""

    def __init__(self, folder: Path, database_url: str, keys_file: Path, typed: Petition) -> None:
        self.folder, self._typed = folder, typed
        for name in ("instance", "backup", "stick"):
            (folder / name).mkdir()
        self.keys = folder / "instance" / "keys.json"
        self.keys.write_bytes(keys_file.read_bytes())
        self.keys.chmod(0o600)
        self.book = folder / "instance" / "erasures"
        self.data = folder / "backup" / "petition.data.gz"
        self.settings = {
            "DATABASE_URL": database_url, "KEYS_FILE": str(self.keys), "ERASURES_FILE": str(self.book),
            "BACKUPS_DIR": str(folder / "nights"), "BASE_URL": "http://localhost", "BACKUP": str(folder / "backup"),
            "KEYS_BACKUP": str(folder / "stick"),
        }  # fmt: skip
        self.made: list[str] = []

    def shell(self, name: str) -> str:
        """Run the commands that the page gives under a name, as a shell does that stops at the first failure."""
        found = re.search(rf"(?ms)^```sh {name}\n(.*?)^```$", PAGE)
        assert found, name
        environment = os.environ | self.settings | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", found.group(1)], check=False, cwd=self.folder, env=environment,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def type(self, *words: object) -> Result:
        """A command, in this process."""
        return self._typed(*words, **self.settings)

    def back_up(self) -> None:
        """The data, in this process."""
        assert self.type("backup", "--data", self.data).exit_code == 0

    def empty(self, kind: str = "") -> str:
        """The address of an empty database, of the same kind unless told otherwise."""
        old = urlsplit(self.settings["DATABASE_URL"])
        if (kind or old.scheme) == "sqlite":
            return f"sqlite:///{self.folder}/instance/restored.db"
        name = old.path + "r"
        with psycopg.connect(old.geturl(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name[1:]} TEMPLATE template0")
        self.made.append(old._replace(path=name).geturl())
        return self.made[-1]

    def write_down(self) -> None:
        """What a worker does every second."""
        Book(self.book).keep_up()
        db.session.remove()

    def restore(self, *words: object, url: str = "") -> Result:
        """Into an empty database, which is the site's from then on."""
        self.settings["DATABASE_URL"] = url or self.empty()
        return self.type("restore", "--data", self.data, *words)


@pytest.fixture
def machine(
    tmp_path: Path, database_url: str, keys_file: Path, petition: Petition  # noqa: F811
) -> Iterator[Machine]:  # fmt: skip
    """A machine whose database is the test's; what is restored goes with it."""
    (tmp_path / "machine").mkdir()
    made = Machine(tmp_path / "machine", database_url, keys_file, petition)
    yield made
    for url in made.made:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {urlsplit(url).path[1:]} WITH (FORCE)")


def restored(make_app: MakeApp, machine: Machine) -> Flask:
    """The site on what was restored."""
    return make_app(database_url=machine.settings["DATABASE_URL"], keys_file=machine.keys)


def test_what_was_backed_up_is_there_again_with_its_keys(make_app: MakeApp, machine: Machine) -> None:
    """With the page's own commands, and without its disk: data from one place, keys from another."""
    app = make_app()
    with app.app_context():
        first = Cast(app)
        first.campaign()
        signed = first.signed("ana@example.org", name="Ana María Quokka")
        first.sign("ben@example.org", name="Ben Wombat")
        (waiting,) = first.deliver()
        first.number()
        machine.write_down()
        machine.shell("keys-backup")
        machine.shell("elsewhere")
        lost = first.signed("cleo@example.org")
    machine.keys.unlink()
    machine.settings["DATABASE_URL"] = machine.empty()
    assert "0 erasures since then done again" in machine.shell("restore")
    app = restored(make_app, machine)
    with app.app_context():
        cast = Cast(app)
        assert cast.total() == 1
        own = cast.browser().get(link_in(signed))
        assert own.status_code == 200
        assert "Ana María Quokka" in own.text
        assert cast.press(waiting).status_code == 303
        assert cast.total() == 2
        assert cast.browser().get(link_in(lost)).status_code == 404
        cast.signed("dora@example.org")
        assert cast.total() == 3
        last = db.session.scalars(select(Entry).where(Entry.deed == "backup restored")).one()
        assert last.reason.startswith("of 20")


def test_each_night_has_a_file_of_its_own_and_old_ones_go(make_app: MakeApp, machine: Machine) -> None:
    app = make_app()
    nights = machine.folder / "nights"
    nights.mkdir()
    for night in range(1, 10):
        (nights / f"petition-2020010{night}-030000.data.gz").touch()
    other = nights / "something-else.gz"
    other.touch()
    machine.shell("backup")
    left = sorted(one.name for one in nights.iterdir() if one != other)
    assert left[:6] == [f"petition-2020010{night}-030000.data.gz" for night in range(4, 10)]
    assert len(left) == 7
    assert other.exists()
    with app.app_context():
        assert db.session.scalars(select(Sighting.kind)).all() == [sightings.BACKUP]
    assert [one.stat().st_mode & 0o777 for one in nights.iterdir() if one.stat().st_size] == [0o600]


def test_a_backup_of_the_data_holds_no_key_and_no_name_in_clear(make_app: MakeApp, machine: Machine) -> None:
    """C12."""
    app = make_app()
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        letter = cast.signed("canary-7f3a@example.org", name="Zebulon Quokka")
        cast.sign("canary-7f3b@example.org", name="Zebulon Wombat")
        cast.browser().post(link_in(letter).partition("?")[0] + "/withdraw", data={})
        machine.write_down()
        machine.back_up()
    stored = gzip.decompress(machine.data.read_bytes())
    assert b"Take the canteen workers back" in stored
    for one in json.loads(machine.keys.read_text())["keys"].values():
        key = base64.urlsafe_b64decode(one + "=")
        for form in (key, one.encode(), key.hex().encode(), base64.b64encode(key)[:40]):
            assert form not in stored
    for clear in ("canary-7f3", "Zebulon", "Quokka", "Wombat"):
        for form in (clear.encode(), clear.encode().hex().encode()):
            assert form not in stored + machine.book.read_bytes()
    assert {one.stat().st_mode & 0o777 for one in (machine.data, machine.book)} == {0o600}


def rows_of(url: str, make_app: MakeApp, keys: Path) -> dict[str, list[str]]:
    """Every row of every table as the models read it."""
    app = make_app(database_url=url, keys_file=keys)
    with app.app_context():
        found = {}
        for table in db.Base.metadata.sorted_tables:
            if table.name not in LEFT_OUT:
                rows = db.session.execute(select(*table.c)).all()
                found[table.name] = sorted(repr(tuple(row)) for row in rows)
        db.session.remove()
        return found


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_data_goes_back_into_either_kind_of_database_row_for_row(
    make_app: MakeApp, machine: Machine, postgresql_server: str, kind: str
) -> None:
    app = make_app()
    before = machine.settings["DATABASE_URL"]
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        cast.signed("ana@example.org", name="Nguyễn O'Brien 李", news="y")
        cast.sign("ben@example.org", name="Ben")
        cast.number()
        cast.article()
        cast.event()
        running.pause(cast.row(), "a test", "one line\\\nand\tanother")
        accounts.invite(mailbox.parse("olga@example.org"), "a test", language="en")
        db.session.commit()
        machine.write_down()
        machine.back_up()
        wanted = rows_of(before, make_app, machine.keys)
    assert machine.restore(url=target(machine, kind, postgresql_server)).exit_code == 0
    found = rows_of(machine.settings["DATABASE_URL"], make_app, machine.keys)
    line = "backup restored"
    assert [row for row in found.pop("journal") if line not in row] == wanted.pop("journal")
    assert found == wanted
    app = restored(make_app, machine)
    with app.app_context():
        # A server's own counters go on where they were.
        running.resume(Cast(app).row(), "a test")
        Cast(app).campaign("another")
        assert len(db.session.scalars(select(campaigns.Campaign.id)).all()) == 2


def target(machine: Machine, kind: str, server: str) -> str:
    """The address of an empty database of a kind."""
    if kind == "sqlite" or machine.settings["DATABASE_URL"].startswith(kind):
        return machine.empty(kind)
    name = f"r{time.monotonic_ns()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def test_without_the_keys_the_site_reads_and_the_people_stay_sealed(make_app: MakeApp, machine: Machine) -> None:
    app = make_app()
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        letter = cast.signed("ana@example.org", name="Ana María Quokka")
        cast.number()
        machine.write_down()
        machine.back_up()
    machine.keys.unlink()
    assert machine.type("keys", "new").exit_code == 0
    refused = machine.restore()
    assert refused.exit_code == 2
    assert "does not open with this key ring" in refused.stderr
    assert machine.restore("--without-keys", url=machine.settings["DATABASE_URL"]).exit_code == 0
    app = restored(make_app, machine)
    with app.app_context():
        cast = Cast(app)
        assert cast.total() == 1
        for path in ("/en/", "/en/campaigns/canteen", "/es/campaigns/canteen", "/en/how-we-count"):
            page = cast.browser().get(path)
            assert page.status_code == 200
            assert "Quokka" not in page.text
        assert register.breakdown(cast.reading().id, "country") == {"IE": 1}
        assert cast.browser().get(link_in(letter)).status_code == 404


def own_page(letter: object) -> str:
    return link_in(letter).partition("?")[0]  # type: ignore[arg-type]


def test_who_withdrew_since_the_backup_stays_withdrawn(make_app: MakeApp, machine: Machine) -> None:
    """E3: with those who disowned, unsubscribed, wanted no more letters, or were still waiting; and no others."""
    app = make_app()
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        before = cast.signed("early@example.org")
        cast.browser().post(own_page(before) + "/withdraw", data={})
        cast.deliver()
        db.session.execute(update(Link).values(sent_at=None))
        db.session.commit()
        again = cast.signed("early@example.org")
        gone, foreign = cast.signed("gone@example.org", news="y"), cast.signed("foreign@example.org")
        silent, sorry = cast.signed("silent@example.org"), cast.signed("sorry@example.org")
        heard, stays = cast.signed("heard@example.org", news="y"), cast.signed("stays@example.org")
        cast.sign("typed@example.org")
        machine.back_up()
        (typed,) = cast.deliver()
        for letter, deed in (
            (gone, "withdraw"), (foreign, "not-me"), (silent, "no-letters"), (sorry, "no-letters"), (sorry, "allow"),
            (heard, "stop-news"), (typed, "not-me"),
        ):  # fmt: skip
            answer = cast.browser().post(own_page(letter) + "/" + deed, data={"contacts": "y"})
            assert answer.status_code in (200, 303), deed
        machine.write_down()
        assert cast.total() == 3
        withdrawn = db.session.scalar(select(func.count()).where(Erasure.deed == erasures.WITHDRAWN))
        assert withdrawn == 2
    assert machine.restore().exit_code == 0
    app = restored(make_app, machine)
    with app.app_context():
        cast = Cast(app)
        assert cast.total() == 3
        for letter in (again, heard, stays):
            assert "since" in cast.browser().get(own_page(letter)).text
        assert cast.browser().get(own_page(gone)).status_code == 404
        # The letter to who had only typed was sent after the backup: its link works, and keeps them in peace.
        typed_link = links.find(tokens.read_link("own", own_page(typed).rpartition("/")[2]))
        assert typed_link is not None
        assert typed_link.quiet_until is not None
        assert db.session.scalars(select(PendingSignature)).all() == []
        assert len(db.session.scalars(select(Suppression)).all()) == 1
        assert db.session.scalars(select(Contact)).all() == []
        # No letter tells anybody a second time that they have withdrawn.
        assert cast.deliver() == []
        cast.number()
        assert register.check(cast.reading().id, signatures.counted(cast.reading().id)) == []


def small(make_app: MakeApp, machine: Machine) -> None:
    """A campaign, backed up."""
    app = make_app()
    with app.app_context():
        Cast(app).campaign()
        machine.write_down()
        machine.back_up()
        db.database().dispose()


def said(result: Result) -> str:
    """The one sentence of a command that refuses."""
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


def test_data_and_keys_are_never_written_into_one_folder_nor_over_another_backup(
    make_app: MakeApp, machine: Machine
) -> None:
    """C12."""
    small(make_app, machine)
    stick = machine.folder / "stick"
    assert "one folder" in said(machine.type("backup", "--data", stick / "data", "--keys", stick / "keys"))
    assert "one folder" in said(machine.type("backup", "--data", machine.keys.parent / "data"))
    assert "there already" in said(machine.type("backup", "--data", machine.data))
    assert list(stick.iterdir()) == []
    assert "Say what to restore" in said(machine.type("restore"))


def test_a_backup_that_is_not_whole_changes_nothing(make_app: MakeApp, machine: Machine) -> None:
    small(make_app, machine)
    good = machine.data.read_bytes()
    plain = gzip.decompress(good)
    lines = plain.splitlines(keepends=True)
    row = next(one for one in lines if b"canteen" in one)
    url = machine.empty()
    for harmed in (
        good[:-40],
        gzip.compress(b"".join(lines[:-1])),
        gzip.compress(plain.replace(row, b"", 1)),
        b"something else",
        good[:2000] + bytes([good[2000] ^ 8]) + good[2001:],
    ):
        machine.data.write_bytes(harmed)
        assert re.search("not whole|no backup of this program", said(machine.restore(url=url)))
    if machine.made:
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM pg_stat_user_tables").fetchone() == (0,)
    assert [one.name for one in machine.keys.parent.iterdir() if one.name.startswith("restored")] == []


def test_rows_that_do_not_fit_are_refused_as_a_whole(make_app: MakeApp, machine: Machine) -> None:
    """Whole, but not what was written: a slug whose campaign is not there."""
    small(make_app, machine)
    plain = gzip.decompress(machine.data.read_bytes())
    named = re.search(rb'COPY "campaign" .*\n(.*\n)', plain)
    assert named
    count = int(plain.rsplit(b" ", 1)[1])
    short = plain.replace(named[1], b"", 1).replace(b"rows: %d" % count, b"rows: %d" % (count - 1))
    machine.data.write_bytes(gzip.compress(short))
    result = machine.restore()
    assert result.exit_code == 2, result.output
    assert "nothing for this database" in result.stderr
    if machine.made:
        with psycopg.connect(machine.made[-1]) as connection:
            assert connection.execute("SELECT count(*) FROM wording").fetchone() == (0,)


def test_nothing_is_restored_over_a_site_that_runs_or_a_database_that_is_not_empty(
    make_app: MakeApp, machine: Machine
) -> None:
    small(make_app, machine)
    app = make_app()
    with app.app_context():
        db.reading()
        assert len(db.session.scalars(select(campaigns.Campaign.id)).all()) == 1
        refused = said(machine.type("restore", "--data", machine.data))
        assert "in use" in refused or "connected" in refused
        db.session.remove()
        db.database().dispose()
    result = machine.type("restore", "--data", machine.data)
    if machine.settings["DATABASE_URL"].startswith("postgresql"):
        assert "not empty" in said(result)
        return
    assert result.exit_code == 0
    assert "The old database lies at" in result.output
    aside = [one for one in machine_file(machine).parent.iterdir() if ".before-" in one.name]
    assert len(aside) == 1


def machine_file(machine: Machine) -> Path:
    """The file of the test's own database."""
    return Path(urlsplit(machine.settings["DATABASE_URL"]).path)


def test_without_a_list_of_erasures_or_one_that_reaches_back_a_restore_is_refused(
    make_app: MakeApp, machine: Machine
) -> None:
    """E3: unless whoever restores says that they know."""
    small(make_app, machine)
    machine.book.unlink()
    assert "There is no list of erasures" in said(machine.restore())
    copy = machine.folder / "copy"
    copy.write_text("broken\n")
    url = machine.settings["DATABASE_URL"]
    assert "a broken one" in said(machine.restore("--erasures", copy, url=url))
    copy.write_text("")
    with time_machine.travel(db.now() + erasures.KEPT):
        assert "older than 100 days" in said(machine.restore("--erasures", copy, url=url))
    assert machine.restore("--erasures", copy, url=url).exit_code == 0


def test_another_key_ring_is_not_overwritten_and_an_unknown_form_is_not_read(
    make_app: MakeApp, machine: Machine
) -> None:
    small(make_app, machine)
    other = machine.folder / "stick" / "other.json"
    crypto.write(other, crypto.with_new_key(None))
    assert "another key ring" in said(machine.restore("--keys", other))
    plain = gzip.decompress(machine.data.read_bytes())
    for old, new, why in (('"form": 1', '"form": 2', "newer one"), ('"step": "0', '"step": "9', "newer program")):
        machine.data.write_bytes(gzip.compress(plain.replace(old.encode(), new.encode(), 1)))
        assert why in said(machine.restore(url=machine.settings["DATABASE_URL"]))
