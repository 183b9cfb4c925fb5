"""The database away or full, the mail server away (S70, S72)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg
import pytest
import time_machine
from flask import Flask, Response
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.test import TestResponse

from petition.base import db, delivery
from petition.base.outbox import Letter
from petition.base.smtp import Trouble
from petition.fields import Field
from petition.letters import Letters
from petition.signatures import PendingSignature, Signature
from tests.cast import Browser, Cast, form_token, link_in

PATH = "/en/campaigns/canteen"


class Outage(Protocol):
    """A way to take the database away and to bring it back."""

    def begin(self) -> None:
        """From now on nothing connects."""

    def end(self) -> None:
        """It is back, with all it had."""


class _File:
    """SQLite's file is somewhere else, as when its volume is not mounted."""

    def __init__(self, path: Path) -> None:
        self._path, self._aside = path, path.with_name("unmounted")

    def begin(self) -> None:
        """Put it aside."""
        db.database().dispose()
        self._path.rename(self._aside)
        self._path.mkdir()

    def end(self) -> None:
        """Put it back."""
        self._path.rmdir()
        self._aside.rename(self._path)


class _Server:
    """PostgreSQL ends every connection and takes no new one."""

    def __init__(self, server: str, name: str) -> None:
        self._server, self._name = server, name

    def begin(self) -> None:
        """Throw everybody out."""
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {self._name} WITH ALLOW_CONNECTIONS false")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._name]
            )

    def end(self) -> None:
        """Let them in."""
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {self._name} WITH ALLOW_CONNECTIONS true")


@pytest.fixture
def outage(database_url: str, request: pytest.FixtureRequest) -> Outage:
    """The database of this test, to be taken away."""
    if database_url.startswith("sqlite"):
        return _File(Path(database_url.removeprefix("sqlite:///")))
    return _Server(request.getfixturevalue("postgresql_server"), urlsplit(database_url).path[1:])


@pytest.fixture
def full(app: Flask) -> Iterator[None]:
    """The volume of the database is full: reading works, storing does not."""
    if db.is_sqlite():
        yield from _full_file()
        return
    made = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
    with db.database().engine.begin() as connection:
        connection.execute(text(f"{made} $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$"))
        for table in ("letter", "signature"):
            trigger = f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk()"
            connection.execute(text(trigger))
    yield
    with db.database().engine.begin() as connection:
        connection.execute(text("DROP FUNCTION IF EXISTS full_disk CASCADE"))


def _full_file() -> Iterator[None]:
    engine = db.database().engine
    db.session.remove()
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()

    def limit(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

    engine.dispose()
    event.listen(engine, "connect", limit)
    yield
    event.remove(engine, "connect", limit)
    engine.dispose()


def rows(*models: type[db.Base]) -> list[int]:
    found = [int(db.session.scalar(select(func.count()).select_from(model)) or 0) for model in models]
    db.session.remove()
    return found


def honest(answer: TestResponse) -> bool:
    """A 503 that says when to come again and is kept by nobody."""
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    return True


TYPED = {
    "name": "Ana <María>", "email": "ana@example.org", "country": "IE", "place": "Vell Harbour", "role": "Cook",
    "organisation": "Dockers’ Union", "comment": "one\ntwo", "on_behalf": "y", "appear": "short", "news": "y",
}  # fmt: skip


def holds_what_was_typed(page: str) -> bool:
    assert "Ana &lt;María&gt;" in page
    assert "one\ntwo" in page
    for said in ("ana@example.org", "Vell Harbour", "Cook", "Dockers’ Union"):
        assert f'value="{said}"' in page
    assert '<option value="IE" selected' in page or '<option value="IE">' in page
    assert '<option value="short" selected' in page
    return True


def test_while_the_database_is_away_the_form_comes_back_with_what_was_typed_and_can_be_sent_again(
    cast: Cast, outage: Outage
) -> None:
    """S72."""
    cast.campaign()
    client = cast.browser()
    token = form_token(client.get(PATH).text)
    outage.begin()
    try:
        answers = [client.post(PATH, data=TYPED | {"token": token}) for _ in range(2)]
        assert honest(client.get(PATH))
    finally:
        outage.end()
    for answer in answers:
        assert honest(answer)
        assert holds_what_was_typed(answer.text)
    again = client.post(PATH, data=TYPED | {"token": form_token(answers[-1].text)})
    assert again.status_code == 303
    letter = cast.deliver()[0]
    assert cast.press(letter).status_code == 303
    assert cast.total() == 1


def test_while_the_database_is_away_every_page_says_so_and_works_again_afterwards(cast: Cast, outage: Outage) -> None:
    """S72: no restart."""
    cast.campaign()
    client = cast.browser()
    inbox = cast.sign().location
    own = link_in(cast.deliver()[0]).partition("?")[0]
    pages = ["/en/", PATH, PATH + "/link", "/en/link", PATH + "/privacy", inbox, own, own + "/data.json"]
    presses = ["confirm", "fresh", "withdraw", "not-me", "no-letters", "allow", "stop-news"]
    outage.begin()
    try:
        assert all(honest(client.get(path)) for path in pages)
        assert all(honest(client.post(f"{own}/{verb}", data={"row": "1"})) for verb in presses)
        assert client.get("/healthz").status_code == 200
        assert client.get("/en/privacy").status_code == 200
    finally:
        outage.end()
    assert [client.get(path).status_code for path in pages] == [200] * len(pages)
    assert rows(PendingSignature, Signature) == [1, 0]


def test_an_answer_that_was_ready_when_the_database_went_away_is_given(app: Flask, cast: Cast, outage: Outage) -> None:
    """S72: what was read stands, though nobody can end its transaction any more; and nothing is left of it."""
    cast.campaign()
    client = cast.browser()
    db.session.remove()
    gone: list[bool] = []

    @app.after_request
    def go_away(answer: Response) -> Response:
        if not gone:
            gone.append(True)
            outage.begin()
        return answer

    try:
        assert client.get(PATH).status_code == 200
        assert gone
        assert honest(client.get(PATH))
    finally:
        outage.end()
    assert client.get(PATH).status_code == 200
    assert db.database().engine.pool.checkedout() == 0


@pytest.mark.parametrize("path", [PATH + "/link", "/en/link"])
def test_asking_for_a_link_while_the_database_is_away_keeps_what_was_typed(
    cast: Cast, outage: Outage, path: str
) -> None:
    """S72: what was typed is still in the page where the form is."""
    cast.campaign()
    client = cast.browser()
    data = {"email": "ana@example.org", "campaign": "canteen", "token": form_token(client.get(path).text)}
    outage.begin()
    try:
        answer = client.post(path, data=data)
    finally:
        outage.end()
    assert honest(answer)
    assert 'value="ana@example.org"' in answer.text
    assert 'value="canteen"' in answer.text
    data["token"] = form_token(answer.text)
    client.post(path, data=data)
    assert client.post(path, data=data).status_code == 303


def test_a_correction_made_while_the_database_is_away_is_kept_in_the_page(cast: Cast, outage: Outage) -> None:
    """S72 on the own page."""
    cast.campaign()
    own = link_in(cast.signed()).partition("?")[0]
    client = cast.browser()
    data = {"name": "Ana Ruiz", "country": "PT", "place": "Lower Quay", "short": "A. from the quay", "appear": "short"}
    outage.begin()
    try:
        answer = client.post(own + "/correct", data=data)
    finally:
        outage.end()
    assert honest(answer)
    for said in ("Ana Ruiz", "Lower Quay", "A. from the quay"):
        assert f'value="{said}"' in answer.text
    assert client.post(own + "/correct", data=data).status_code == 303
    assert client.get(own + "/data.json").json["signature"]["place"] == "Lower Quay"  # type: ignore[index]


def _sign_until_full(cast: Cast) -> tuple[int, TestResponse]:
    """How many signatures were taken before the first that was not, and its answer."""
    client = cast.browser()
    token = form_token(client.get(PATH).text)
    for number in range(60):
        data = TYPED | {"comment": "one\ntwo" + "x" * 900, "token": token}
        answer = client.post(PATH, data=data)
        if answer.status_code != 303:
            return number, answer
    raise AssertionError("the disk is not full")


def test_a_full_disk_refuses_honestly_stores_nothing_by_halves_and_works_again(cast: Cast, full: None) -> None:
    """S72, F9: reads stay alive; a signature has its letter or is not there."""
    cast.campaign()
    taken, answer = _sign_until_full(cast)
    assert honest(answer)
    assert 'value="ana@example.org"' in answer.text
    assert rows(PendingSignature, Letter) == [taken, taken]
    assert cast.browser().get(PATH).status_code == 200


def test_a_worker_goes_on_when_the_database_is_back(cast: Cast, outage: Outage) -> None:
    """S72: nothing is sent in between, nothing is lost."""
    cast.campaign()
    cast.sign()
    db.session.remove()
    outage.begin()
    try:
        with pytest.raises(SQLAlchemyError):
            delivery.deliver(Letters(), cast.sink)
        db.session.remove()
    finally:
        outage.end()
    assert [letter.to for letter in cast.deliver()] == ["ana@example.org"]


def test_nobody_who_signs_waits_for_the_mail_server_and_every_letter_goes_out_when_it_is_back(cast: Cast) -> None:
    """S70: in the order of waiting."""
    cast.campaign()
    people = [f"p{number}@example.org" for number in range(5)]
    cast.sink.trouble = Trouble("relay", "ConnectionRefusedError")
    with time_machine.travel(db.now(), tick=True) as clock:
        for address in people:
            assert cast.sign(address).status_code == 303
            assert cast.deliver() == []
            clock.shift(timedelta(minutes=5))
        cast.sink.trouble = None
        assert [letter.to for letter in cast.deliver()] == people


def test_a_backlog_is_told_of_on_the_page_that_says_check_your_inbox(app: Flask, cast: Cast) -> None:
    """S70, F5: after ten minutes; not before, and not when it is over."""
    cast.campaign()
    slow = "Letters are slow right now"

    def inbox() -> str:
        return Browser(app, use_cookies=False).get(cast.sign("late@example.org").location).text

    with time_machine.travel(db.now(), tick=True) as clock:
        cast.sink.trouble = Trouble("relay", "ConnectionRefusedError")
        cast.sign()
        cast.deliver()
        clock.shift(timedelta(minutes=9))
        assert slow not in inbox()
        clock.shift(timedelta(minutes=2))
        assert slow in inbox()
        cast.sink.trouble = None
        cast.deliver()
        assert slow not in inbox()


def test_the_seven_days_of_the_button_begin_when_the_letter_is_sent_at_last(cast: Cast) -> None:
    """S05, S70: a mail server that is down for eight days costs nobody a signature."""
    cast.campaign()
    with time_machine.travel(db.now(), tick=True) as clock:
        cast.sink.trouble = Trouble("relay", "ConnectionRefusedError")
        cast.sign()
        cast.deliver()
        clock.shift(timedelta(days=8))
        cast.sink.trouble = None
        letter = cast.deliver()[0]
        clock.shift(timedelta(days=6))
        assert cast.press(letter).status_code == 303
        assert cast.total() == 1


def test_a_dead_address_is_not_written_to_again_and_the_refusal_is_visible(cast: Cast) -> None:
    """S70: visible without the server's words, which repeat the address."""
    cast.campaign()
    cast.sink.trouble = Trouble("refused", "550 5.1.1")
    cast.sign()
    cast.deliver()
    cast.sink.trouble = None
    with time_machine.travel(db.now() + timedelta(days=1), tick=True):
        assert cast.deliver() == []
    letter = db.session.scalars(select(Letter)).one()
    assert (letter.state, letter.trouble, letter.sealed) == ("failed", "550 5.1.1", None)
    pending = db.session.scalars(select(PendingSignature)).one()
    assert pending.asked_at is not None


def test_what_a_campaign_asks_of_its_own_is_given_back_under_its_label_while_the_process_knows_it(
    make_app: Callable[..., Flask], outage: Outage
) -> None:
    """S72: and under its key where it does not."""
    docks = Field("trade", "choice", True, {"en": "Your trade"}, (("dock", {"en": "Docks"}), ("ship", {"en": "Ships"})))
    app = make_app(page_cache=60.0)
    with app.app_context():
        cast = Cast(app)
        cast.campaign(fields=(docks,))
        token = form_token(cast.browser().get(PATH).text)
        outage.begin()
        typed = {"token": token, "name": "Ana", "email": "ana@example.org", "country": "IE", "own:trade": "ship"}
        known = cast.browser().post(PATH, data=typed)
        strange = cast.browser().post("/en/campaigns/other", data=typed)
        outage.end()
    assert (known.status_code, strange.status_code) == (503, 503)
    assert "Your trade</label>" in known.text
    assert '<option value="ship" selected>Ships' in known.text
    assert "Trade</label>" in strange.text
    assert 'name="own:trade" value="ship"' in strange.text
