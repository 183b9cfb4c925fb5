"""Every setting: its name in the environment, its default, its meaning and what it refuses.

The only place that reads the environment. A wrong value raises `SettingsError` with one sentence that names
the setting; nothing is half-started. `table()` gives the rows for `docs/settings.md`.
"""

import ipaddress
import os
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask, current_app

from petition.base import mailbox

#: Where the interface's catalogues lie, a folder for each language.
CATALOGUES = Path(__file__).resolve().parents[1] / "translations"


class SettingsError(ValueError):
    """A setting is missing or makes no sense; the text is one sentence for the person who starts the program."""


def setting(default: str, meaning: str, read: Callable[[str], Any]) -> Any:
    """A dataclass field read from the environment variable of the same name in capitals."""
    return field(metadata={"default": default, "meaning": meaning, "read": read})


def _text(value: str) -> str:
    if not value.strip() or not value.strip().isprintable():
        raise ValueError("must be a line of text")
    return value.strip()


def _optional(value: str) -> str:
    return _text(value) if value.strip() else ""


def _words(value: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in value.split(",") if word.strip())
    if not words or len(set(words)) < len(words):
        raise ValueError("needs at least one word, and each only once")
    return words


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        number = int(value) if value.strip().isascii() and value.strip().isdigit() else least - 1
        if not least <= number <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return number

    return read


def _seconds(least: float, most: float) -> Callable[[str], float]:
    def read(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = -1
        if not least <= number <= most:
            raise ValueError(f"must be a number of seconds from {least:g} to {most:g}")
        return number

    return read


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


#: A host as browsers send it in `Host`, which must be the very same: a name in A-labels or an address; with a port.
_HOST = re.compile(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:[0-9]{1,5})?", re.ASCII)


def _certificates(value: str) -> str:
    if value.strip():
        try:
            ssl.create_default_context().load_verify_locations(value.strip())
        except OSError:
            raise ValueError("must name a file of certificates (PEM) that can be read") from None
    return value.strip()


def _base_url(value: str) -> str:
    scheme, _, host = value.strip().lower().removesuffix("/").partition("://")
    if scheme not in ("http", "https") or not _HOST.fullmatch(host) or _port_of(host) is None:
        raise ValueError("must be the site's address alone, such as https://example.org")
    return f"{scheme}://{host}"


def _port_of(host: str) -> int | None:
    """The port in a host, 0 where it names none, None where it names one that there is not."""
    try:
        return urlsplit(f"//{host}").port or 0
    except ValueError:
        return None


def _database_url(value: str) -> str:
    if value.startswith("sqlite:///"):
        file = value.removeprefix("sqlite:///")
        if not file.strip("/") or ":memory:" in file or "?" in file:
            raise ValueError("must name a file after sqlite:///, and nothing else")
        return value
    if not value.startswith("postgresql://"):
        raise ValueError("must start with sqlite:/// or postgresql://")
    host = urlsplit(value.partition("?")[0]).netloc.rpartition("@")[2]
    if "," not in host and _port_of(host) is None:
        # Its own text would repeat what stands there, which may be a piece of the password.
        raise ValueError("must have a number as its port, and special characters of the password as %XX")
    return value


def _mail_from(value: str) -> str:
    return mailbox.parse(value).address if value.strip() else ""


def _https(value: str) -> str:
    parts = urlsplit(value.strip())
    if value.strip() and (parts.scheme != "https" or not parts.hostname or not value.strip().isprintable()):
        raise ValueError("must be an address that begins with https://")
    return value.strip()


def _contact(value: str) -> str:
    if value.strip().startswith("mailto:"):
        return "mailto:" + mailbox.parse(value.strip().removeprefix("mailto:")).address
    return _https(value)


def _switch(value: str) -> bool:
    if value.strip() not in ("on", "off"):
        raise ValueError("must be on or off")
    return value.strip() == "on"


#: Long enough that nobody guesses it.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24,200}", re.ASCII)


def _token(value: str) -> str:
    if value.strip() and not _TOKEN.fullmatch(value.strip()):
        raise ValueError("must be 24 letters, digits, - or _ at least, such as `openssl rand -hex 24` makes")
    return value.strip()


def _log_format(value: str) -> str:
    if value.strip() not in ("text", "json"):
        raise ValueError("must be text or json")
    return value.strip()


def _smtp(value: str) -> "Smtp | None":
    if not value.strip():
        return None
    parts = urlsplit(value.strip())
    ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    if parts.scheme not in ports or not parts.hostname:
        raise ValueError("must look like smtp://user:password@host:587 (STARTTLS) or smtps://… (TLS)")
    try:
        port = parts.port or ports[parts.scheme]
    except ValueError:
        # Its own text would repeat what stands there, which may be a piece of the password.
        raise ValueError("must end in a port's number, and special characters of the password as %XX") from None
    if parts.scheme == "smtp+plain" and not is_loopback(parts.hostname):
        raise ValueError("smtp+plain:// sends letters unencrypted and is allowed to a loopback address only")
    return Smtp(
        parts.scheme, parts.hostname, port,
        unquote(parts.username or ""), unquote(parts.password or ""),
    )  # fmt: skip


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this very machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_address(host: str) -> bool:
    """Whether a host, with or without a port, is an IP address and not a name."""
    try:
        return _port_of(host) is not None and bool(ipaddress.ip_address(urlsplit(f"//{host}").hostname or ""))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Smtp:
    """Where letters are handed over. `scheme` smtp means STARTTLS is demanded, smtps TLS from the first byte."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, read once at the start."""

    base_url: str = setting(
        "http://localhost:PORT", "The public address of the site; every link is built from it.", _base_url
    )
    host: str = setting("127.0.0.1", "The address the web server binds.", _text)
    port: int = setting("8000", "The port the web server binds.", _whole(1, 65535))
    database_url: str = setting(
        "sqlite:///instance/petition.db", "sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/NAME.", _database_url
    )
    keys_file: Path = setting("instance/keys.json", "The key ring: a file with mode 600, outside the database.", _path)
    erasures_file: Path = setting(
        "instance/erasures",
        "Where workers write down who withdrew, by random numbers alone, for a restored backup; best on another disk"
        " than the database.",
        _path,
    )
    backups_dir: Path = setting(
        "instance/backups",
        "Where `petition backup` and `petition upgrade` write the data, unless told otherwise.",
        _path,
    )
    letters_dir: Path = setting(
        "instance/letters", "Where letters are kept while no mail server is set (on a loopback address only).", _path
    )
    site_name: str = setting("The Solidarity Post", "The name on every page and letter.", _text)
    operator: str = setting(
        "", "Who runs the site: named where people join or ask to be told; SITE_NAME where it is empty.", _optional
    )
    operator_address: str = setting(
        "", "The e-mail address to write to about the site and what it stores; MAIL_FROM where it is empty.", _mail_from
    )
    security_contact: str = setting(
        "", "An address (mailto: or https://) for reports of security faults, told in security.txt.", _contact
    )
    give_url: str = setting("", "An https:// page where readers can give money; without it nobody is asked.", _https)
    languages: tuple[str, ...] = setting("en,es", "Languages of the interface, the first one is the default.", _words)
    smtp_url: Smtp | None = setting(
        "", "smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://USER:PASSWORD@HOST:465 (TLS).", _smtp
    )
    smtp_ca_file: str = setting(
        "", "A file of certificates to trust for the mail server besides the system's.", _certificates
    )
    mail_from: str = setting("", "The address letters come from; needed as soon as SMTP_URL is set.", _mail_from)
    mail_connections: int = setting("4", "Letters sent at the same time by one worker.", _whole(1, 64))
    proxies: int = setting(
        "0", "How many proxies of your own stand in front (X-Forwarded-For is believed that far).", _whole(0, 4)
    )
    web_processes: int = setting("1", "Web server processes; SQLite wants 1.", _whole(1, 64))
    web_threads: int = setting(
        "8", "Requests each web process works on at once; 200 more wait, beyond that: 503.", _whole(1, 64)
    )
    pool_size: int = setting(
        "8", "Database connections of one process; waiting for a free one ends after 2 s.", _whole(1, 200)
    )
    soft_limit: int = setting(
        "60", "Letters an hour that signatures from one network cause at once; later ones wait.", _whole(1, 1_000_000)
    )
    hard_limit: int = setting(
        "600", "Forms an hour taken from one network by one web process; beyond it: 429.", _whole(1, 10_000_000)
    )
    api_limit: int = setting(
        "600", "Answers a minute of /api/v1/ made for one network by one web process; beyond it: 429.",
        _whole(1, 10_000_000),
    )  # fmt: skip
    reminder: bool = setting(
        "on", "Whether who has not confirmed is reminded once, 48 hours after the first letter.", _switch
    )
    contact_months: int = setting(
        "24", "Months after which who joined, or asked to be told of meetings, is forgotten.", _whole(1, 120)
    )
    metrics_token: str = setting(
        "", "What Prometheus says to read /metrics: 24 letters, digits, - or _ at least; without it nobody reads it.",
        _token,
    )  # fmt: skip
    log_format: str = setting("text", "How the log is written: text, or json for a line of JSON each.", _log_format)
    page_cache: float = setting("0.5", "Seconds a public page is answered from memory.", _seconds(0, 1))

    @property
    def database_file(self) -> Path | None:
        """The file of an embedded database; None where the database is a server's."""
        name = self.database_url.removeprefix("sqlite:///")
        return None if name == self.database_url else Path(name).absolute()

    @property
    def responsible(self) -> tuple[str, str]:
        """Who runs the site, and the address to write to ("" where none is set): what both settings fall back to."""
        return self.operator or self.site_name, self.operator_address or self.mail_from


_settings_key = "petition.settings"


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """All settings from the environment (or a mapping). Raises SettingsError with one sentence."""
    environ = os.environ if environ is None else environ
    if not environ.get("BASE_URL"):
        host = f"localhost:{environ.get('PORT', '').strip() or 8000}"
        # A port that is none is refused under its own name.
        environ = {**environ, "BASE_URL": f"http://{host if _port_of(host) else 'localhost'}"}
    values: dict[str, Any] = {}
    for item in fields(Settings):
        name = item.name.upper()
        try:
            values[item.name] = item.metadata["read"](environ.get(name, item.metadata["default"]))
        except ValueError as error:
            raise SettingsError(f"{name} {error}.") from None
    settings = Settings(**values)
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    if settings.smtp_url is not None and not settings.mail_from:
        raise SettingsError("MAIL_FROM is missing: letters need an address they come from once SMTP_URL is set.")
    if settings.smtp_url is None and not keeps_letters(settings):
        raise SettingsError(
            "SMTP_URL is missing: without a mail server the site starts only where BASE_URL and HOST"
            " are both a loopback address."
        )
    if settings.database_url.startswith("sqlite") and settings.web_processes > 1:
        raise SettingsError("WEB_PROCESSES must be 1 with SQLite; use PostgreSQL for more.")
    unknown = set(settings.languages) - spoken()
    if unknown:
        raise SettingsError(f"LANGUAGES names a language the interface does not speak: {', '.join(sorted(unknown))}.")


def spoken() -> set[str]:
    """The languages that the interface can speak: English, the sources' own, and those with a compiled catalogue."""
    return {"en", *(path.parents[1].name.replace("_", "-") for path in CATALOGUES.glob("*/LC_MESSAGES/messages.mo"))}


def on_file(settings: Settings, path: Path) -> Settings:
    """The same settings with an embedded database in another file."""
    return replace(settings, database_url=f"sqlite:///{path}")


def keeps_letters(settings: Settings) -> bool:
    """Whether letters are kept for reading on this machine instead of being sent: the trial without a mail server."""
    host = urlsplit(settings.base_url).hostname or ""
    return settings.smtp_url is None and is_loopback(host) and is_loopback(settings.host)


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its settings."""
    app.extensions[_settings_key] = settings


def current() -> Settings:
    """The settings of the application we run in."""
    found: Settings = current_app.extensions[_settings_key]
    return found


def table() -> list[tuple[str, str, str]]:
    """(NAME, default, meaning) of every setting, in order, for the documentation."""
    return [(item.name.upper(), item.metadata["default"], item.metadata["meaning"]) for item in fields(Settings)]
