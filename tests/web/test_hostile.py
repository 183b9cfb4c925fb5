"""What no browser of a person would send, and what must never be written down (security.md 1.2–1.4, C9, 2.2)."""

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, select, text

from petition import networks
from petition.base import crypto, db, settings, smtp
from petition.base.outbox import Letter
from petition.base.settings import Smtp
from petition.base.smtp import Trouble
from petition.signatures import PendingSignature
from tests.cast import Browser, Cast, form_token, link_in

PATH = "/en/campaigns/canteen"

#: Paths that hold what is not text, or lead nowhere; every route's place for a word is tried.
BAD = [
    "%00",
    "a%00b",
    "%FF",
    "%C3%28",
    "%ED%A0%80",
    "%E2%80%AE",
    "%0D%0ASet-Cookie:x=1",
    "..%2f..%2fetc",
    "%2e%2e",
    "'--",
]


def _places(app: Flask) -> list[str]:
    """Every GET route with each of its words replaced by {}; the others hold something plausible."""
    plain = {"language": "en", "slug": "canteen", "stamp": "x", "token": "x", "secret": "x", "name": "x",
             "wanted": "0123456789", "rgb": "b3201b", "of": "en"}  # fmt: skip
    named = re.compile(r"<(?:\w+:)?(\w+)>")
    found = []
    for rule in app.url_map.iter_rules():
        template = named.sub(r"{\1}", rule.rule)
        if "GET" in (rule.methods or ()):
            found += [
                template.format_map(defaultdict(lambda: "1", plain | {word: "{}"})) for word in named.findall(rule.rule)
            ]
    return found


def test_what_is_not_text_in_a_path_leads_nowhere_and_never_to_an_error_of_ours(app: Flask, cast: Cast) -> None:
    """S04, D14, row 58: 404 wherever it stands, but for stamps, whose page is the same without a good one."""
    cast.campaign()
    client = cast.browser()
    places = _places(app)
    assert len(places) > 15
    for place in places:
        for bad in BAD:
            answer = client.get(place.format(bad))
            allowed = {404} | ({200} if "/inbox/" in place else {303} if "/thanks/" in place else set())
            assert answer.status_code in allowed, (place, bad, answer.status_code)
            assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/en/campaigns/../desk", "/en/campaigns/" + "a" * 2000, "/en/campaigns/canteen/",
     "/EN/campaigns/canteen", "/en/campaigns/CANTEEN", "/xx/campaigns/canteen", "/e/campaigns/canteen",
     "/en/campaigns/canteen;x=1", "/\\evil.example", "/desk/none", "/admin", "/.env", "/.git/config",
     "/wp-login.php", "/static/", "/static/x/", "/kept/", "/t/", "/healthz/x"],
)  # fmt: skip
def test_an_address_that_is_not_there_is_not_there(cast: Cast, path: str) -> None:
    """Row 58; nothing redirects to another host (B11)."""
    cast.campaign()
    answer = cast.browser().get(path)
    assert answer.status_code == 404
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "path", ["//evil.example/", "///evil.example", "/en//campaigns/canteen", "//evil.example/%2f.."]
)
def test_slashes_too_many_lead_to_no_other_host(cast: Cast, path: str) -> None:
    """B11: a redirect that tidies an address stays on this site."""
    cast.campaign()
    answer = cast.browser().get("/", environ_overrides={"PATH_INFO": path})
    assert answer.status_code in (308, 404)
    location = answer.headers.get("Location", "/")
    assert location.startswith(("/", "http://localhost/"))
    assert not location.removeprefix("http://localhost").startswith("//")


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "%2f%2fevil.example", "/%09/evil.example"]
)
def test_no_parameter_sends_anybody_elsewhere(cast: Cast, target: str) -> None:
    """B11."""
    cast.campaign()
    letter = (cast.sign(), cast.deliver()[0])[1]
    client = cast.browser()
    root = link_in(letter).partition("?")[0]
    for name in ("next", "return", "redirect", "url", "source", "continue"):
        query = f"?{name}={target}"
        for path in ("/", PATH, root, f"{PATH}/thanks/x", f"{PATH}/inbox/x"):
            answer = client.get(path + query)
            assert "evil" not in answer.headers.get("Location", "")
    answer = client.post(f"{root}/confirm?next={target}", data={"next": target, "row": ""})
    assert answer.location == root


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "X" * 50])
def test_other_methods_are_refused_and_change_nothing(cast: Cast, method: str) -> None:
    """Row 59, D21."""
    cast.campaign()
    letter = (cast.sign(), cast.deliver()[0])[1]
    root = link_in(letter).partition("?")[0]
    for path in (PATH, root, root + "/confirm", root + "/withdraw", "/en/"):
        answer = cast.browser().open(path, method=method, data={"row": "1"})
        assert answer.status_code == 405
        assert answer.headers["Allow"]
    assert db.session.scalars(select(PendingSignature)).one()


def test_looking_at_a_button_does_not_press_it(cast: Cast) -> None:
    """Row 59, B1: GET, HEAD and OPTIONS on what is posted."""
    cast.campaign()
    letter = (cast.sign(), cast.deliver()[0])[1]
    root = link_in(letter).partition("?")[0]
    client = cast.browser()
    for verb in ("confirm", "fresh", "correct", "withdraw", "not-me", "no-letters", "allow", "stop-news"):
        assert client.get(f"{root}/{verb}").status_code == 405
        assert client.head(f"{root}/{verb}").status_code == 405
        assert client.options(f"{root}/{verb}").status_code == 200
    for method in ("GET", "HEAD", "OPTIONS"):
        assert client.open(root, method=method).status_code == 200
    assert db.session.scalars(select(PendingSignature)).one()
    assert cast.total() == 0


def test_a_method_asked_for_by_other_means_is_not_believed(cast: Cast) -> None:
    """D21: no method override by header or field."""
    cast.campaign()
    letter = (cast.sign(), cast.deliver()[0])[1]
    root = link_in(letter).partition("?")[0]
    headers = {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST"}
    assert cast.browser().get(root + "/withdraw?_method=POST", headers=headers).status_code == 405
    assert db.session.scalars(select(PendingSignature)).one()


def test_a_link_is_forgiven_what_a_mail_program_adds_and_nothing_else(cast: Cast) -> None:
    """S04, B3, row 61."""
    cast.campaign()
    letter = (cast.sign(), cast.deliver()[0])[1]
    root = link_in(letter).partition("?")[0]
    client = cast.browser()
    for tail in (".", ">", ")", ")."):
        assert client.get(root + quote(tail)).status_code == 200
    token = root.removeprefix("/t/")
    changed = [token[:-1], token + "A", token[1:], token.upper(), token.swapcase(), token.replace(".", ""),
               token + "=", token.replace(".", ".."), "." + token, token.partition(".")[0], token + "!", token[::-1],
               "", *(token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:] for at in range(39))]  # fmt: skip
    pages = {client.get(f"/t/{quote(one)}").status_code for one in changed}
    assert pages == {404}


def test_forged_links_are_refused_without_asking_the_database(app: Flask, cast: Cast) -> None:
    """B3."""
    cast.campaign()
    seen: list[str] = []
    db.session.remove()
    event.listen(db.database().engine, "before_cursor_execute", lambda *said: seen.append(said[2]))
    first = cast.browser().get("/t/" + "A" * 22 + "." + "B" * 16)
    for number in range(50):
        answer = cast.browser().get(f"/t/{crypto.new_key().hex()[:22]}.{number:016}")
        assert answer.status_code == 404
        assert answer.data == first.data
    assert seen == []


INJECTIONS = [
    "'", "\"", "' OR '1'='1", "1; DROP TABLE signature", "') OR ('1'='1", "%' OR 1=1 --", "\\", "_%", "%",
    "1 UNION SELECT 1",
    "';SELECT pg_sleep(5)--", "$$", "/*", "{{7*7}}", "${jndi:ldap://evil.example}", "`id`", "$(id)", "|id", "\x1b[2J",
]  # fmt: skip


def test_what_looks_like_a_statement_is_a_word_in_every_parameter(cast: Cast) -> None:
    """D13."""
    cast.campaign()
    client = cast.browser()
    letter = cast.signed()
    root = link_in(letter).partition("?")[0]
    token = form_token(client.get(PATH).text)
    for number, word in enumerate(INJECTIONS):
        typed = {"name": word, "email": f"p{number}@example.org", "country": "IE", "token": token}
        assert client.post(f"{PATH}?source={quote(word)}", data=typed).status_code in (303, 422)
        for field in ("country", "appear", "email", "token", "website"):
            assert client.post(PATH, data=typed | {field: word}).status_code in (303, 422)
        for verb in ("confirm", "fresh", "correct"):
            answer = client.post(f"{root}/{verb}", data={"row": word, "name": "", "country": word, "contact": word})
            assert answer.status_code in (303, 422)
        assert client.get(f"{root}?before={quote(word)}&row={quote(word)}").status_code == 200
        assert client.post("/en/link", data={"email": word, "campaign": word, "token": word}).status_code == 422
    assert cast.total() == 1


def test_a_source_is_a_plain_word_or_nothing(cast: Cast) -> None:
    """B11, S34: what stands in figures and exports came from a closed alphabet."""
    cast.campaign()
    said = {"poster-3": "poster-3", "a/b": "a/b", "<b>": "", "=1+1": "", "a" * 101: "", "A": "", "x y": "", "é": ""}
    for number, (source, stored) in enumerate(said.items()):
        cast.sign(f"p{number}@example.org", source=quote(source, safe=""))
        row = db.session.scalars(select(PendingSignature).order_by(PendingSignature.created_at.desc())).first()
        assert row is not None
        assert (source, row.source) == (source, stored)


def test_a_giant_cookie_and_odd_headers_do_no_harm(cast: Cast) -> None:
    """Row 60."""
    cast.campaign()
    headers = {"Cookie": "session=" + "x" * 16_000, "User-Agent": "<script>" * 100, "Referer": "https://evil.example/",
               "Range": "bytes=0-1", "Accept": "application/xml", "Sec-Purpose": "prefetch"}  # fmt: skip
    answer = cast.browser().get(PATH, headers=headers)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "<script>" * 2 not in answer.text


# D20: whose network it is.


@pytest.mark.parametrize(
    ("proxies", "said", "address"),
    [
        (0, "6.6.6.6", "127.0.0.1"),
        (0, "6.6.6.6, 9.9.9.9", "127.0.0.1"),
        (1, "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "not-an-ip<script>", "127.0.0.1"),
        (1, "6.6.6.6, not-an-ip<script>", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (2, "6.6.6.6, 9.9.9.9, 8.8.8.8", "9.9.9.9"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "999.1.1.1", "127.0.0.1"),
    ],
)
def test_a_proxys_word_is_believed_as_far_as_it_is_ours_and_only_if_it_is_an_address(
    make_app: Callable[..., Flask], proxies: int, said: str, address: str
) -> None:
    """D20: what is stored is the day's hash of the network of that address."""
    app = make_app(proxies=proxies)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        client = cast.browser()
        data = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": form_token(client.get(PATH).text)}
        client.post(PATH, data=data, headers={"X-Forwarded-For": said}, environ_base={"REMOTE_ADDR": "127.0.0.1"})
        row = db.session.scalars(select(PendingSignature)).one()
        assert row.network == networks.hashed(address, row.created_at)


# C9: nothing of a person is written down in the clear.

CANARY = "canary-7f3a"
NAME = "Zebulon Quokka-7f3a"


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Everything that was logged, at every level, with its extras and tracebacks."""
    caplog.set_level(logging.DEBUG)
    caplog.handler.setFormatter(logging.Formatter("%(message)s %(pathname)s"))
    return lambda: caplog.text + "".join(str(vars(record)) for record in caplog.records)


def _trap(app: Flask) -> None:
    """From now on the database refuses pending signatures, with the row in its words."""
    db.session.remove()
    with db.database().engine.begin() as connection:
        if db.is_sqlite():
            connection.execute(
                text("CREATE TRIGGER trap BEFORE INSERT ON pending_signature BEGIN SELECT RAISE(ABORT, 'trapped'); END")
            )
            return
        connection.execute(
            text(
                "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'trapped %', NEW USING ERRCODE = 'P0001'; END $$"
            )
        )
        connection.execute(
            text("CREATE TRIGGER trap BEFORE INSERT ON pending_signature FOR EACH ROW EXECUTE FUNCTION trap()")
        )


def _files(app: Flask, tmp_path: Path, server: str) -> Iterator[Path]:
    """The database with its write-ahead log, what the test wrote, and the server's own folder with its log."""
    yield from (path for path in tmp_path.rglob("*") if path.is_file())
    if server:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        yield from (path for path in Path(row[0]).rglob("*") if path.is_file())


def _hits(paths: Iterator[Path]) -> list[str]:
    needles = [CANARY.encode(), b"Quokka-7f3a", CANARY.encode().hex().encode(), CANARY.encode("utf-16-le")]
    return [str(path) for path in paths if any(needle in path.read_bytes() for needle in needles)]


def test_nothing_of_a_person_is_found_in_logs_temporary_files_or_the_database(
    app: Flask, make_app: Callable[..., Flask], cast: Cast, tmp_path: Path, written: Callable[[], str],
    request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """C9: signing, mistakes, a refusal by SMTP, an error of ours, the database away; then a search of everything."""
    server = "" if db.is_sqlite() else request.getfixturevalue("postgresql_server")
    db.session.remove()
    cast.campaign()
    typed = {"name": NAME, "comment": f"{CANARY} was here", "place": CANARY, "role": CANARY, "organisation": CANARY}
    letter = cast.signed(f"{CANARY}@example.org", **typed)
    root = link_in(letter).partition("?")[0]
    client = cast.browser()
    assert NAME in client.get(root).text
    client.post(root + "/correct", data=typed | {"country": "PT", "place": CANARY + " again"})
    client.get(root + "/data.json")
    token = form_token(client.get(PATH).text)
    data = typed | {"email": f"{CANARY}@example.org", "country": "IE", "token": token}
    assert client.post(PATH, data=data | {"country": "XX"}).status_code == 422
    assert client.post(PATH, data=data | {"token": CANARY}).status_code == 422
    assert client.post(PATH, data=f"email={CANARY}&email={CANARY}", content_type="application/json").status_code == 415
    twice = "application/x-www-form-urlencoded"
    assert client.post(PATH, data=f"email={CANARY}&email={CANARY}", content_type=twice).status_code == 400
    assert client.get(f"/en/campaigns/{CANARY}?email={CANARY}").status_code == 404
    cast.sink.trouble = Trouble("refused", "550 5.1.1")
    cast.sign(f"{CANARY}2@example.org", **typed)
    cast.deliver()
    cast.sink.trouble = ValueError(f"no such user {CANARY}@example.org")  # type: ignore[assignment]
    cast.sign(f"{CANARY}3@example.org", **typed)
    cast.deliver(8)
    away = Cast(make_app(database_url="postgresql://nobody@127.0.0.1:9/nothing")).browser().post(PATH, data=data)
    assert (away.status_code, CANARY in away.text) == (503, True)
    _trap(app)
    assert client.post(PATH, data=data).status_code == 500
    assert CANARY not in written()
    assert "Quokka" not in written()
    assert "IntegrityError" in written() or "InternalError" in written() or "ProgrammingError" in written()
    assert _hits(_files(app, tmp_path, server)) == []
    said = capfd.readouterr()
    assert CANARY not in said.out + said.err


def test_the_search_for_the_canary_finds_one_that_is_there(app: Flask, cast: Cast, tmp_path: Path) -> None:
    """Else the test above would prove nothing: an organiser's text does lie in the clear."""
    cast.campaign()
    row = cast.row()
    row.time_zone = CANARY
    db.session.commit()
    db.session.remove()
    if db.is_sqlite():
        assert _hits(path for path in tmp_path.rglob("*") if path.is_file())
    else:
        assert db.session.scalar(text("SELECT count(*) FROM campaign WHERE time_zone = 'canary-7f3a'")) == 1


def test_an_error_of_ours_tells_the_reader_nothing_and_stores_nothing(app: Flask, cast: Cast) -> None:
    """C9, F-rows: a page, not a traceback."""
    cast.campaign()
    _trap(app)
    answer = cast.sign(name=NAME)
    assert answer.status_code == 500
    assert "This is our fault." in answer.text
    for told in ("Traceback", "trapped", "INSERT", "sqlalchemy", NAME):
        assert told not in answer.text
    assert db.session.scalars(select(Letter)).all() == []


def test_a_letter_the_server_refused_keeps_no_address(app: Flask, cast: Cast) -> None:
    """C9, I9: letters that ended hold nothing that names anybody."""
    cast.campaign()
    cast.sink.trouble = Trouble("refused", "550 5.1.1")
    cast.sign(f"{CANARY}@example.org")
    cast.deliver()
    letter = db.session.scalars(select(Letter)).one()
    assert (letter.state, letter.sealed) == ("failed", None)
    assert CANARY not in str(vars(letter))


def test_what_a_person_has_typed_is_sealed_while_it_waits(cast: Cast) -> None:
    """C11: the row holds no word of it, sealed twice never looks the same, and no other campaign's key opens it."""
    cast.campaign()
    for _ in range(2):
        cast.sign(f"{CANARY}@example.org", name=NAME)
    first, second = db.session.scalars(select(PendingSignature)).all()
    assert first.sealed != second.sealed
    assert CANARY.encode() not in first.sealed + first.mailbox + first.domain
    with pytest.raises(crypto.Unsealable):
        crypto.unseal("signature", str(first.campaign_id + 1), first.sealed)
    with pytest.raises(crypto.Unsealable):
        crypto.unseal("letter", str(first.campaign_id), first.sealed)


def test_settings_with_a_password_do_not_show_it(make_app: Callable[..., Flask]) -> None:
    """C9: whatever prints the application's settings."""
    app = make_app(smtp_url=Smtp("smtp", "mail.example.org", 587, "letters", "hunter2"), mail_from="a@example.org")
    with app.app_context():
        assert "hunter2" not in repr(settings.current())
        assert "hunter2" not in repr(smtp.Smtp(settings.current()))
        assert Browser(app, use_cookies=False).get("/healthz").status_code == 200
