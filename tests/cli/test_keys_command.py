"""The key ring by commands: before there is a database, never shown, never open to others."""

import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from petition.base import crypto
from petition.cli import main
from tests.cast import Cast
from tests.cli.conftest import Petition


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    return tmp_path / "secret" / "keys.json"


def typed(ring: Path, *words: str) -> Result:
    return CliRunner().invoke(
        main, ["keys", *words], env={"KEYS_FILE": str(ring), "DATABASE_URL": "sqlite:////no/where"}
    )


def test_a_ring_is_made_before_there_is_a_database_and_only_its_owner_reads_it(ring: Path) -> None:
    result = typed(ring, "new")
    assert (result.exit_code, stat.S_IMODE(ring.stat().st_mode)) == (0, 0o600)
    assert "BACK THIS FILE UP" in result.stdout
    assert crypto.read(ring).active == 1


def test_a_further_key_is_known_first_and_seals_once_it_is_activated(ring: Path) -> None:
    typed(ring, "new")
    first = crypto.read(ring)
    assert typed(ring, "new").exit_code == 0
    assert (crypto.read(ring).active, set(crypto.read(ring).keys)) == (1, {1, 2})
    assert typed(ring, "activate", "2").exit_code == 0
    assert (crypto.read(ring).active, crypto.read(ring).keys[1]) == (2, first.keys[1])


@pytest.mark.parametrize("key", ["1", "2", "0", "900"])
def test_a_key_that_is_active_or_not_there_is_not_activated(ring: Path, key: str) -> None:
    typed(ring, "new")
    assert typed(ring, "activate", key).exit_code == 2
    assert crypto.read(ring).active == 1


def test_keys_are_listed_by_number_and_never_shown(ring: Path) -> None:
    said = [typed(ring, *words).output for words in (("new",), ("new",), ("activate", "2"), ("list",))]
    assert said[-1].split() == ["1", "known", "2", "active"]
    secrets = re.findall(r'"([\w-]{43})"', ring.read_text())
    assert len(secrets) == 2
    assert not [secret for secret in secrets if secret in "".join(said)]


def test_a_ring_that_others_can_read_is_refused(ring: Path) -> None:
    typed(ring, "new")
    ring.chmod(0o644)
    assert typed(ring, "new").exit_code == 2
    assert len(re.findall(r'"[\w-]{43}"', ring.read_text())) == 1


def test_a_ring_elsewhere_is_made_by_its_name(ring: Path, tmp_path: Path) -> None:
    typed(ring, "new", "--file", str(tmp_path / "other.json"))
    assert not ring.exists()
    assert crypto.read(tmp_path / "other.json").active == 1


def test_what_each_key_seals_is_counted(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    cast.signed("ana@example.org")
    cast.sign("luz@example.org")
    # The campaign's key, the site's, one signature, one pending; more where networks are hashed.
    number, said, rows, _word = petition("keys", "list", "--rows").stdout.split()
    assert (number, said) == ("1", "active")
    assert int(rows) >= 4
