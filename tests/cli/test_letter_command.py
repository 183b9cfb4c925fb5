"""Letters by commands: one to try the way, made-up ones to read, the ones that wait."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from petition.base import db, outbox
from petition.journal import Entry
from petition.letters import preview
from tests.cast import Cast
from tests.cli.conftest import Petition
from tests.domain.test_smtp import Server


@pytest.fixture
def post() -> Iterator[Server]:
    """A mail server on this machine."""
    server = Server()
    yield server
    server.close()


def to(server: Server) -> dict[str, str]:
    """The settings that hand letters to a server."""
    return {"SMTP_URL": f"smtp+plain://127.0.0.1:{server.port}", "MAIL_FROM": "letters@site.example"}


def test_a_letter_to_try_the_way_is_kept_where_no_mail_server_is_set(petition: Petition, tmp_path: Path) -> None:
    result = petition("letter", "test", "ana@example.org")
    assert result.exit_code == 0
    assert "/kept/" in result.stdout
    assert len(list((tmp_path / "letters" / "new").iterdir())) == 1


def test_a_letter_to_try_the_way_goes_to_the_mail_server_step_by_step(petition: Petition, post: Server) -> None:
    result = petition("letter", "test", "ana@example.org", **to(post))
    assert result.exit_code == 0
    assert [line[:2] for line in result.stdout.splitlines()] == ["Ma", "1.", "2.", "Lo"]
    assert "RCPT TO:<ana@example.org>" in post.heard
    assert len(post.stored) == 1


def test_a_refused_recipient_is_told_in_plain_words(petition: Petition, post: Server) -> None:
    post.replies["RCPT"] = ["550 5.1.1 no such ana@example.org"]
    result = petition("letter", "test", "ana@example.org", **to(post))
    assert result.exit_code == 1
    assert "refuses us for good (550 5.1.1)" in result.stderr


def test_a_mail_server_that_is_not_there_is_told_in_plain_words(petition: Petition) -> None:
    url = "smtp+plain://127.0.0.1:9"
    result = petition("letter", "test", "ana@example.org", SMTP_URL=url, MAIL_FROM="letters@site.example")
    assert result.exit_code == 1
    assert "nothing listens on that port" in result.stderr


def test_no_letter_is_tried_to_what_is_no_address(petition: Petition) -> None:
    assert petition("letter", "test", "ana").exit_code == 2


def test_every_letter_can_be_read_in_every_language(petition: Petition) -> None:
    said = petition("letter", "preview").stdout
    assert [line for line in said.splitlines() if line.startswith("=== ")] == [
        f"=== {kind}.{language}" for language in ("en", "es") for kind in preview.KINDS
    ]


def test_one_letter_in_one_language_is_shown_alone(petition: Petition) -> None:
    said = petition("letter", "preview", "held", "--language", "es", "--html").stdout
    assert said.count("=== ") == 1
    assert "<html" in said
    assert petition("letter", "preview", "--language", "tlh").exit_code == 2


def test_letters_are_written_to_a_folder_for_reading(petition: Petition, tmp_path: Path) -> None:
    petition("letter", "preview", "--out", tmp_path / "read")
    assert len(list((tmp_path / "read").iterdir())) == 2 * 2 * len(preview.KINDS)


def test_parked_letters_are_counted_and_tried_again(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    cast.sign()
    db.session.execute(update(outbox.Letter).values(state="parked", trouble="ValueError"))
    db.session.commit()
    said = petition("letter", "list").stdout
    assert said.split()[:4] == ["1", "parked", "link", "ValueError"]
    assert "petition letter retry" in said
    assert petition("letter", "retry").stdout == "1 letter will be tried again.\n"
    assert petition("letter", "list").stdout.split()[:3] == ["1", "waiting", "link"]
    assert db.session.scalars(select(Entry.count).where(Entry.deed == "letters retried")).all() == [1]
    db.session.remove()
    assert len(cast.deliver()) == 1
