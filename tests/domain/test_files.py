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
