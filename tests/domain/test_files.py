"""Files in the database: in chunks, sealed where they name people, with an end."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from petition import retention
from petition.base import crypto, db, files
from petition.base.files import CHUNK, Broken, File, FileChunk

DATA = bytes(range(256)) * (CHUNK // 256) * 2 + b"the end"


def kept(name: str = "a list", **how: object) -> bytes:
    files.keep(name, [DATA[:1000], DATA[1000:]], **({"sealed": True} | how))  # type: ignore[arg-type]
    db.session.commit()
    return b"".join(files.read(name))


@pytest.mark.parametrize("sealed", [True, False])
def test_a_file_comes_back_as_it_was_in_pieces_of_any_size(app: Flask, sealed: bool) -> None:
    assert kept(sealed=sealed) == DATA
    stored = db.session.scalars(select(FileChunk.data).order_by(FileChunk.number)).all()
    assert len(stored) == 3
    assert (stored[0] == DATA[:CHUNK]) is not sealed


def test_an_empty_file_is_a_file(app: Flask) -> None:
    files.keep("nothing", [], sealed=True)
    assert list(files.read("nothing")) == []


def test_a_name_stands_for_one_file(app: Flask) -> None:
    kept()
    files.keep("a list", [b"another"], sealed=False)
    assert b"".join(files.read("a list")) == DATA


def test_what_is_sealed_opens_in_its_own_place_alone(app: Flask) -> None:
    kept()
    first, second, _ = db.session.scalars(select(FileChunk).order_by(FileChunk.number)).all()
    first.data, second.data = second.data, first.data
    db.session.flush()
    with pytest.raises(crypto.Unsealable):
        list(files.read("a list"))


def test_a_file_that_is_not_all_there_says_so(app: Flask) -> None:
    kept()
    db.session.execute(delete(FileChunk).where(FileChunk.number == 2))
    with pytest.raises(Broken):
        list(files.read("a list"))
    with pytest.raises(LookupError):
        list(files.read("no such list"))


def test_a_file_goes_with_all_its_chunks_at_its_end_and_by_name(app: Flask) -> None:
    now = db.now()
    kept("ends", ends_at=now + timedelta(days=1))
    kept("stays")
    for at, left in ((now, 6), (now + timedelta(days=1), 3)):
        for _ in retention.steps(at):
            db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(FileChunk)) == left
    files.drop(["stays"])
    for table in (File, FileChunk):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_a_file_can_be_written_over_many_transactions_and_is_there_once_it_is_whole(app: Flask) -> None:
    now, soon = db.now(), db.now() + timedelta(minutes=10)
    draft = files.Draft("a list", sealed=True, ends_at=soon)
    for place in range(0, len(DATA), 100_000):
        draft.add(DATA[place : place + 100_000], soon)
        db.session.commit()
        assert files.size("a list", now) is None
        with pytest.raises(Broken):
            list(files.read("a list"))
    draft.finish(now + timedelta(days=1))
    db.session.commit()
    assert b"".join(files.read("a list")) == DATA
    assert files.size("a list", now) == len(DATA)
    # Until its end, swept or not.
    assert files.size("a list", now + timedelta(days=1)) is None
    assert files.size("another", now) is None


@pytest.mark.parametrize("data", [b"", b"x" * CHUNK, b"x" * (CHUNK + 1)])
def test_a_draft_of_any_length_comes_back_whole(app: Flask, data: bytes) -> None:
    draft = files.Draft("a list", sealed=False, ends_at=db.now())
    draft.add(data, db.now())
    draft.finish(db.now())
    assert b"".join(files.read("a list")) == data


def test_what_was_never_finished_ends_a_little_at_a_time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long list's pages are overwritten while everybody waits: not all of them in one transaction."""
    monkeypatch.setattr(files, "BATCH", 2)
    now = db.now()
    files.Draft("a list", sealed=True, ends_at=now).add(DATA * 2, now)
    kept("stays")
    assert [files.sweep(now - timedelta(seconds=1))] == [(0, False)]
    assert [files.sweep(now) for _ in range(4)] == [(2, True), (2, True), (1, False), (0, False)]
    files.end("stays", now)
    assert files.sweep(now) == (2, True)
