"""`petition upgrade`: backed up, brought up, checked, and taken back where a check fails (F16)."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect, text

from petition import migrated, migrating
from petition.base import crypto, db
from petition.journal import Entry
from tests.cast import Cast
from tests.cli.conftest import Petition

#: The step before one that makes the table `erasure`.
BEHIND = "0023"


@pytest.fixture
def behind(app: Flask, cast: Cast, settings_of: dict[str, str], tmp_path: Path) -> str:
    """A site with a signature, one step behind the program; the step it is at."""
    settings_of["BACKUPS_DIR"] = str(tmp_path / "backups")
    cast.campaign()
    cast.signed("ana@example.org")
    cast.number()
    db.session.remove()
    newest = migrated.newest()
    migrating.go_back(BEHIND)
    assert migrated.reached() < newest
    return migrated.reached()


def change(statement: str) -> None:
    """Behind the program's back."""
    db.session.remove()
    with db.database().engine.begin() as connection:
        connection.execute(text(statement))


def test_an_upgrade_backs_up_brings_up_and_checks(behind: str, cast: Cast, petition: Petition, tmp_path: Path) -> None:
    result = petition("upgrade")
    assert result.exit_code == 0, result.output
    assert "all checks pass" in result.output
    (kept,) = (tmp_path / "backups").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert migrated.is_at_head()
    assert cast.total() == 1
    last = db.session.query(Entry).order_by(Entry.id.desc()).first()
    assert last is not None
    assert (last.deed, last.reason) == ("database upgraded", f"from step {behind} to {migrated.newest()}")
    db.session.remove()
    again = petition("upgrade")
    assert (again.exit_code, "nothing to do" in again.output) == (0, True)
    assert petition("upgrade", "--check-only").exit_code == 0


def test_where_a_step_or_a_check_after_it_fails_the_database_is_as_it_was(
    behind: str, cast: Cast, petition: Petition
) -> None:
    """A table that stands in the way; then a page that no visitor would see."""
    change("CREATE TABLE erasure (id INTEGER)")
    failed = petition("upgrade")
    assert failed.exit_code == 1
    assert "A step failed" in failed.output
    assert migrated.reached() == behind
    change("DROP TABLE erasure")
    change("UPDATE campaign SET goals = '[\"many\"]'")
    failed = petition("upgrade")
    assert failed.exit_code == 1
    assert "answers 500" in failed.output
    assert f"at step {behind} again" in failed.stderr
    assert migrated.reached() == behind
    assert "erasure" not in inspect(db.database().engine).get_table_names()
    assert cast.total() == 1


def test_what_is_wrong_before_stops_an_upgrade_before_it_begins(
    behind: str, petition: Petition, tmp_path: Path
) -> None:
    other = tmp_path / "other.json"
    crypto.write(other, crypto.with_new_key(None))
    failed = petition("upgrade", KEYS_FILE=str(other))
    assert failed.exit_code == 1
    assert "key ring" in failed.output
    change("UPDATE tally SET amount = amount + 1")
    failed = petition("upgrade")
    assert failed.exit_code == 1
    assert "before anything was changed" in failed.stderr
    assert migrated.reached() == behind
    assert not (tmp_path / "backups").exists()
