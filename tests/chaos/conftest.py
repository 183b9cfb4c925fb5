"""Whatever an experiment started is gone when it ends."""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

MARK = "CHAOS_MARK"


def marked(mark: str) -> list[str]:
    """The processes that have the mark in their environment, by what was called."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes():
                found.append(f"{process.name} {(process / 'cmdline').read_bytes().decode(errors='replace')}")
    return found


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every process that a test starts inherits a mark, and none that has it is there afterwards."""
    if "database_url" in request.fixturenames:
        # The server that all tests share stays.
        request.getfixturevalue("database_url")
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    yield
    assert marked(mark) == []
