"""The commands of docs/backup.md, as they stand there, on both databases (C12, and what is there of E3)."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask

from petition import register
from petition.base import crypto, db
from tests.cast import Cast, link_in

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "backup.md").read_text()
MakeApp = Callable[..., Flask]


class Machine:
    """A folder like a site's own, with the environment that the page speaks of."""

    def __init__(self, folder: Path, database_url: str, keys_file: Path) -> None:
        self.folder = folder
        self.kind = urlsplit(database_url).scheme
        for name in ("instance", "backup", "stick"):
            (folder / name).mkdir()
        self.keys = folder / "instance" / "keys.json"
        self.keys.write_bytes(keys_file.read_bytes())
        self.keys.chmod(0o600)
        if self.kind == "sqlite":
            (folder / "instance" / "petition.db").symlink_to(urlsplit(database_url).path)
        self.environment = {
            **os.environ, "DATABASE_URL": database_url, "KEYS_FILE": str(self.keys), "BACKUP": str(folder / "backup"),
            "KEYS_BACKUP": str(folder / "stick"), "PATH": f"{programs(database_url)}:{os.environ['PATH']}",
        }  # fmt: skip

    def run(self, name: str) -> str:
        """Run the commands that the page gives under a name, as a shell does that stops at the first failure."""
        found = re.search(rf"(?ms)^```sh {name}\n(.*?)^```$", PAGE)
        assert found, name
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", found.group(1)], check=False, cwd=self.folder, env=self.environment,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def back_up(self) -> None:
        """The database, and the keys to another place."""
        self.run(f"{self.kind}-backup")
        self.run("keys-backup")

    def lose_everything(self, with_keys: bool = True) -> str:
        """The disk is gone: a database of another name and no keys; the address of the new, empty database."""
        if with_keys:
            self.keys.unlink()
        if self.kind == "sqlite":
            (self.folder / "instance" / "petition.db").unlink()
            self.environment["DATABASE_URL"] = f"sqlite:///{self.folder}/instance/petition.db"
        else:
            old = urlsplit(self.environment["DATABASE_URL"])
            with psycopg.connect(old.geturl(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {old.path[1:]}r TEMPLATE template0")
            self.environment["DATABASE_URL"] = old._replace(path=old.path + "r").geturl()
        return self.environment["DATABASE_URL"]

    def restore(self) -> None:
        """The database alone."""
        self.run(f"{self.kind}-restore")

    def backed_up(self) -> bytes:
        """All that stands in the database's backup, uncompressed."""
        files = sorted((self.folder / "backup").iterdir())
        assert [file.stat().st_mode & 0o777 for file in files] == [0o600]
        if self.kind == "sqlite":
            return files[0].read_bytes()
        restore = ["pg_restore", "--file=-", str(files[0])]
        return subprocess.run(restore, check=True, env=self.environment, capture_output=True).stdout


def programs(database_url: str) -> str:
    """Where `petition` and `python3` are, and the server's own PostgreSQL programs."""
    found = [str(Path(sys.executable).parent)]
    if database_url.startswith("postgresql"):
        with psycopg.connect(database_url) as connection:
            row = connection.execute("SELECT setting FROM pg_config() WHERE name = 'BINDIR'").fetchone()
            assert row
            found.append(row[0])
    return ":".join(found)


@pytest.fixture
def machine(tmp_path: Path, database_url: str, keys_file: Path) -> Machine:
    """A machine whose database is the test's."""
    (tmp_path / "machine").mkdir()
    return Machine(tmp_path / "machine", database_url, keys_file)


@pytest.fixture
def drop_restored(machine: Machine):
    """A restored PostgreSQL database goes with the test."""
    yield
    if machine.kind == "postgresql" and machine.environment["DATABASE_URL"].endswith("r"):
        url = urlsplit(machine.environment["DATABASE_URL"])
        with psycopg.connect(url._replace(path=url.path[:-1]).geturl(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {url.path[1:]} WITH (FORCE)")


pytestmark = pytest.mark.usefixtures("drop_restored")


def test_what_was_backed_up_is_there_again_with_its_keys(make_app: MakeApp, machine: Machine) -> None:
    app = make_app()
    with app.app_context():
        first = Cast(app)
        first.campaign()
        signed = first.signed("ana@example.org", name="Ana María Quokka")
        first.sign("ben@example.org", name="Ben Wombat")
        (waiting,) = first.deliver()
        first.number()
        machine.back_up()
        lost = first.signed("cleo@example.org")
        url = machine.lose_everything()
    machine.restore()
    machine.run("keys-restore")
    assert "All agree, in 1 campaign." in machine.run("afterwards")
    app = make_app(database_url=url, keys_file=machine.keys)
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


def test_without_the_keys_the_site_reads_and_the_people_stay_sealed(
    make_app: MakeApp, machine: Machine, tmp_path: Path
) -> None:
    app = make_app()
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        letter = cast.signed("ana@example.org", name="Ana María Quokka")
        cast.number()
        machine.back_up()
        url = machine.lose_everything()
    machine.restore()
    crypto.write(machine.keys, crypto.with_new_key(None))
    assert "All agree, in 1 campaign." in machine.run("afterwards")
    app = make_app(database_url=url, keys_file=machine.keys)
    with app.app_context():
        cast = Cast(app)
        assert cast.total() == 1
        for path in ("/en/", "/en/campaigns/canteen", "/es/campaigns/canteen", "/en/how-we-count"):
            page = cast.browser().get(path)
            assert page.status_code == 200
            assert "Quokka" not in page.text
        assert register.breakdown(cast.reading().id, "country") == {"IE": 1}
        own = cast.browser().get(link_in(letter))
        assert own.status_code == 404
        assert "Quokka" not in own.text


def test_a_backup_of_the_database_holds_no_key_and_no_name_in_clear(make_app: MakeApp, machine: Machine) -> None:
    """C12."""
    app = make_app()
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        cast.signed("canary-7f3a@example.org", name="Zebulon Quokka")
        cast.sign("canary-7f3b@example.org", name="Zebulon Wombat")
        machine.back_up()
    stored = machine.backed_up()
    assert b"Take the canteen workers back" in stored
    for text in json.loads(machine.keys.read_text())["keys"].values():
        key = base64.urlsafe_b64decode(text + "=")
        for form in (key, text.encode(), key.hex().encode(), base64.b64encode(key)[:40]):
            assert form not in stored
    for clear in ("canary-7f3", "Zebulon", "Quokka", "Wombat"):
        for form in (clear.encode(), clear.encode().hex().encode()):
            assert form not in stored
    assert (machine.folder / "stick" / "keys.json").stat().st_mode & 0o777 == 0o600


def test_who_withdrew_since_the_backup_comes_back_as_the_page_says(make_app: MakeApp, machine: Machine) -> None:
    """E3 is to come; until then this is what happens, and nobody must be told otherwise."""
    app = make_app()
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        letter = cast.signed("ana@example.org")
        machine.back_up()
        path = link_in(letter).partition("?")[0]
        assert cast.browser().post(path + "/withdraw", data={}).status_code in (200, 303)
        assert cast.total() == 0
        url = machine.lose_everything(with_keys=False)
    machine.restore()
    app = make_app(database_url=url, keys_file=machine.keys)
    with app.app_context():
        cast = Cast(app)
        assert cast.total() == 1
        assert cast.browser().post(path + "/withdraw", data={}).status_code in (200, 303)
        assert cast.total() == 0
        db.session.remove()
