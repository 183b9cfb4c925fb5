"""Every setting is documented, refuses nonsense in one sentence, and production does not start half-made."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from petition.app import create_app
from petition.base import crypto, settings
from petition.base.crypto import KeyRingError
from petition.base.settings import SettingsError

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->"
PRODUCTION = {
    "BASE_URL": "https://petition.example.org", "SMTP_URL": "smtp://letters:secret@mail.example.org:587",
    "MAIL_FROM": "letters@example.org",
}  # fmt: skip

NONSENSE = {
    "BASE_URL": ["example.org", "ftp://example.org", "https://", "https://example.org/shop", "https://e.org?x=1",
                 "https://example.org#top", "https://me:secret@example.org", "https://example.org:port", "https://[::1",
                 "https://example.org:99999", "https://the harbour.example", "https://münchen.example"],
    "PORT": ["", "0", "65536", "-1", "80.5", "http", "٨٠", "1e3"],
    "DATABASE_URL": ["", "mysql://localhost/petition", "petition.db", "sqlite:petition.db", "sqlite:///",
                     "sqlite:///:memory:", "sqlite:///petition.db?mode=ro", "postgresql://host:port/petition",
                     "postgresql://me:sec/ret@host/petition"],
    "LANGUAGES": ["", " , ", "en,xx", "EN", "es,es"],
    "SMTP_URL": ["mail.example.org", "http://mail.example.org", "smtp://", "smtp+plain://mail.example.org",
                 "smtp://mail.example.org:port"],
    "SMTP_CA_FILE": ["/nowhere/ca.pem", "/", __file__],
    "MAIL_FROM": ["letters", "letters@", "a@x.org, b@x.org", "Letters <a@x.org>", "a@x.org\nBcc: b@x.org"],
    "MAIL_CONNECTIONS": ["0", "65", "four"],
    "PROXIES": ["-1", "5", "yes"],
    "WEB_PROCESSES": ["0", "65", "many"],
    "WEB_THREADS": ["0", "65", ""],
    "POOL_SIZE": ["0", "201", ""],
    "SOFT_LIMIT": ["0", "-60", "1000001", "none"],
    "HARD_LIMIT": ["0", "-60", "10000001", "none"],
    "API_LIMIT": ["0", "-60", "10000001", "none"],
    "OPERATOR_ADDRESS": ["us", "us@", "a@x.org, b@x.org"],
    "SECURITY_CONTACT": ["us", "mailto:us", "http://example.org/security", "https://"],
    "GIVE_URL": ["give", "http://example.org/give", "javascript:alert(1)", "https://"],
    "REMINDER": ["", "yes", "1", "ON"],
    "CONTACT_MONTHS": ["0", "121", "two", ""],
    "METRICS_TOKEN": ["short", "x" * 23, "with blanks in it, and long", "ünïcödé-" * 4, "x" * 201],
    "LOG_FORMAT": ["", "JSON", "xml"],
    "PAGE_CACHE": ["-0.1", "1.1", "nan", "half", ""],
}  # fmt: skip
#: Any text is one: whether it fits is found out when it is used, in a sentence of its own.
ANY_TEXT = {"BACKUPS_DIR", "ERASURES_FILE", "HOST", "KEYS_FILE", "LETTERS_DIR", "OPERATOR", "SITE_NAME"}


def as_markdown() -> str:
    """The table of all settings for the documentation."""
    rows = [f"| `{name}` | {_code(default)} | {meaning} |\n" for name, default, meaning in settings.table()]
    return "".join(["\n| Name | Default | Meaning |\n|---|---|---|\n", *rows, "\n"])


def _code(default: str) -> str:
    return f"`{default}`" if default else "none"


def test_every_setting_stands_in_the_documentation_as_the_program_has_it() -> None:
    """Written anew by `python -m tests.promises.test_settings`."""
    assert DOCUMENT.read_text().partition(BEGIN)[2].partition(END)[0] == as_markdown()


def test_every_setting_has_a_meaning_in_a_sentence() -> None:
    for name, _default, meaning in settings.table():
        assert meaning.endswith("."), name
        assert len(meaning) > 20, name


def test_every_setting_is_tried_with_nonsense_or_takes_any_text() -> None:
    names = {name for name, _default, _meaning in settings.table()}
    assert names == NONSENSE.keys() | ANY_TEXT


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in NONSENSE for value in NONSENSE[name]])
def test_nonsense_is_refused_in_one_sentence_that_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings.read(PRODUCTION | {name: value})
    said = str(refused.value)
    assert said.startswith(f"{name} ")
    assert said.endswith(".")
    assert "\n" not in said
    assert not any(password in said for password in ("secret", "sec/ret"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "https://example.org:8443"), ("BASE_URL", "http://[::1]:8000"), ("BASE_URL", "https://10.0.0.1"),
        ("DATABASE_URL", "sqlite:////var/lib/petition/petition.db"),
        ("DATABASE_URL", "postgresql:///petition?host=/var/run/postgresql"),
        ("DATABASE_URL", "postgresql://me:p%40ss@a.example:5432,b.example:5433/p?target_session_attrs=read-write"),
    ],
)  # fmt: skip
def test_what_makes_sense_is_taken_as_it_is(name: str, value: str) -> None:
    """Else the refusals above would prove little."""
    assert getattr(settings.read(PRODUCTION | {name: value}), name.lower()) == value


def test_the_site_s_address_is_known_as_browsers_send_it() -> None:
    """In small letters and without a slash: it is compared with `Host`, and stands in every link."""
    assert settings.read(PRODUCTION | {"BASE_URL": "HTTPS://Petition.Example.org/"}).base_url == PRODUCTION["BASE_URL"]


def test_the_defaults_are_a_trial_on_this_machine() -> None:
    read = settings.read({})
    assert settings.keeps_letters(read)
    assert read.database_url.startswith("sqlite:///")


@pytest.mark.parametrize("environ", [{"BASE_URL": "https://petition.example.org"}, {"HOST": "0.0.0.0"}, {"HOST": "::"}])
def test_a_public_site_does_not_start_without_a_mail_server(environ: dict[str, str]) -> None:
    """Issue 7: letters are kept only where both BASE_URL and the bound address are loopback."""
    with pytest.raises(SettingsError, match=r"^SMTP_URL is missing: .*\.$"):
        settings.read(environ)


def test_letters_need_an_address_they_come_from() -> None:
    with pytest.raises(SettingsError, match=r"^MAIL_FROM is missing: .*\.$"):
        settings.read(PRODUCTION | {"MAIL_FROM": ""})


def test_sqlite_is_served_by_one_process() -> None:
    with pytest.raises(SettingsError, match=r"^WEB_PROCESSES must be 1 with SQLite"):
        settings.read({"WEB_PROCESSES": "2"})
    assert settings.read({"WEB_PROCESSES": "2", "DATABASE_URL": "postgresql://localhost/petition"}).web_processes == 2


@pytest.mark.parametrize("behind", ["petition?pool=5", "petition?user=me&sslmode"])
def test_what_postgresql_does_not_know_behind_its_address_is_refused(keys_file: Path, behind: str) -> None:
    """In a sentence that does not repeat what stands there, a password maybe."""
    read = replace(settings.read({}), keys_file=keys_file, database_url=f"postgresql://me:hush@host/{behind}")
    with pytest.raises(SettingsError, match=r"^DATABASE_URL must say after its \? [^:@]*\.$"):
        create_app(read)


def test_letters_go_unencrypted_to_this_machine_alone() -> None:
    read = settings.read(PRODUCTION | {"SMTP_URL": "smtp+plain://127.0.0.1:2525"})
    assert read.smtp_url is not None
    assert (read.smtp_url.host, read.smtp_url.port) == ("127.0.0.1", 2525)


def test_a_password_is_not_shown_where_settings_are() -> None:
    """C9: settings end up in tracebacks and questions to others."""
    read = settings.read(PRODUCTION)
    assert read.smtp_url is not None
    assert read.smtp_url.password == "secret"
    assert "secret" not in repr(read)


def _production(keys_file: Path) -> Callable[[], Flask]:
    read = replace(settings.read(PRODUCTION), keys_file=keys_file)
    return lambda: create_app(read)


def test_nothing_starts_without_a_key_ring(tmp_path: Path) -> None:
    with pytest.raises(KeyRingError, match=r"^There is no key ring at .*`petition keys new` makes one\.$"):
        _production(tmp_path / "keys.json")()


@pytest.mark.parametrize(
    "document",
    [
        "", "[]", "{}", '{"active": 1}', '{"active": 1, "keys": {}}', '{"active": 2, "keys": {"1": "WEAK"}}',
        '{"active": 1, "keys": {"1": "c2hvcnQ"}}', '{"active": 1, "keys": {"1": "' + "A" * 43 + '"}}',
        '{"active": 256, "keys": {"256": "GOOD"}}', '{"active": 0, "keys": {"0": "GOOD"}}',
        '{"active": "x", "keys": {"1": "GOOD"}}', '{"active": 1, "keys": {"1": 7}}',
    ],
)  # fmt: skip
def test_nothing_starts_with_a_broken_or_weak_key_ring(tmp_path: Path, document: str) -> None:
    """Issue 7; no key is repeated in the sentence."""
    good = "".join(chr(code) for code in range(ord("a"), ord("a") + 26)) + "0123456789ABCDEFg"
    path = tmp_path / "keys.json"
    path.write_text(document.replace("GOOD", good))
    path.chmod(0o600)
    with pytest.raises(KeyRingError) as refused:
        _production(path)()
    said = str(refused.value)
    assert str(path) in said
    assert "\n" not in said
    assert good not in said


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o666])
def test_nothing_starts_with_a_key_ring_that_others_can_read(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    crypto.write(path, crypto.with_new_key(None))
    path.chmod(mode)
    with pytest.raises(KeyRingError, match=r"can be read by others; `chmod 600` it\.$"):
        _production(path)()


def test_a_key_ring_is_written_for_its_owner_alone_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    old = os.umask(0)
    try:
        made = crypto.with_new_key(crypto.with_new_key(None))
        crypto.write(path, made)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    read = crypto.read(path)
    assert (read.active, dict(read.keys)) == (1, dict(made.keys))
    assert "keys=" not in repr(read)


def test_production_starts_when_all_is_there(tmp_path: Path) -> None:
    """Else the refusals above would prove nothing."""
    path = tmp_path / "keys.json"
    crypto.write(path, crypto.with_new_key(None))
    assert _production(path)().url_map


if __name__ == "__main__":
    head, _, tail = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(head + BEGIN + as_markdown() + END + tail.partition(END)[2])
