"""A worker killed at any point loses no letter, and repeats at most the one that was on the wire."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from petition.base import db, outbox

pytestmark = pytest.mark.chaos

WORKER = Path(__file__).parent / "worker.py"
#: The letter that had just arrived goes out again: that it has, the dead worker knew alone.
NOBODY_KNOWS = ("before_mark", "after_data", "before_settle")
LETTERS = 5


@pytest.fixture
def surroundings(app: Flask, database_url: str, keys_file: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a worker on the test's database."""
    root = str(WORKER.parents[2])
    settings = {"DATABASE_URL": database_url, "KEYS_FILE": str(keys_file), "LETTERS_DIR": str(tmp_path / "letters"),
                "ERASURES_FILE": str(tmp_path / "erasures")}  # fmt: skip
    return {**os.environ, **settings, "BASE_URL": "http://localhost", "PYTHONPATH": root}


def arrived(folder: Path) -> Counter[tuple[str, str]]:
    """How often each address got which Message-ID."""
    mails = [message_from_bytes(file.read_bytes()) for file in (folder / "letters" / "new").glob("*")]
    return Counter((str(mail["To"]), str(mail["Message-ID"])) for mail in mails)


@pytest.mark.parametrize(
    ("point", "number"),
    [
        ("after_claim", 1), ("after_decide", 1), ("before_mark", 3), ("after_mark", 3), ("before_data", 3),
        ("after_data", 3), ("before_settle", 1), ("after_settle", 1),
    ],
)  # fmt: skip
def test_a_worker_killed_at_any_point_loses_nothing(
    app: Flask, surroundings: dict[str, str], tmp_path: Path, point: str, number: int
) -> None:
    for index in range(LETTERS):
        outbox.post("hello", language="en", sealed={"to": f"a{index}@example.org"})
    db.session.commit()
    ids = set(db.session.scalars(select(outbox.table.c.message_id)))
    db.session.rollback()

    command = [sys.executable, str(WORKER), "hello", point, str(number)]
    done = subprocess.run(
        command, env=surroundings, cwd=WORKER.parents[2], stdout=subprocess.PIPE, timeout=60, check=True
    )
    assert json.loads(done.stdout) == [-signal.SIGKILL, 0, 0, 0, 0]

    letters = arrived(tmp_path)
    assert len(letters) == LETTERS
    assert {message_id for _, message_id in letters} == ids
    assert letters.total() == LETTERS + (point in NOBODY_KNOWS)
    rows = db.session.execute(select(outbox.table.c.state, outbox.table.c.sealed)).all()
    assert {tuple(row) for row in rows} == {("sent", None)}
