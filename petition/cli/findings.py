"""What `petition doctor` looks at on this machine and in the database, and what to do about what it finds."""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from petition import campaigns, migrated, pulse, resealing, sightings
from petition.base import crypto, db, settings
from petition.base.crypto import Unsealable
from petition.base.settings import Settings
from petition.pulse import Pulse

#: Well; to be thought about; wrong, which ends the command with 1.
WELL, LOOK, WRONG = "well", "look", "WRONG"
#: A backup of every night, and two hours for a long one.
BACKUP = timedelta(hours=26)
#: Below either of them a disk is nearly full.
LEAST_SHARE, LEAST_BYTES = 0.05, 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: how it is, in words, and what to do where it is not well."""

    level: str
    words: str
    remedy: str = ""


def _well(words: str) -> Finding:
    return Finding(WELL, words)


def of_settings(read: Settings) -> Iterator[Finding]:
    """What settings say that cannot be meant, each by itself being right."""
    public = not settings.is_loopback(read.base_url.partition("://")[2].rsplit(":", 1)[0])
    yield _well("The settings can be read.")
    if public and read.base_url.startswith("http:"):
        yield Finding(
            WRONG, f"BASE_URL is {read.base_url}: what people type travels where others can read it.",
            "Get a certificate, let nginx speak TLS (docs/deploy.md), and set BASE_URL to https://…",
        )  # fmt: skip
    if read.base_url.startswith("https:") and not read.proxies:
        yield Finding(
            WRONG, "PROXIES is 0 although something in front speaks TLS: every visitor seems to come from there, and"
            " one limit counts for all of them.", "Set PROXIES=1, or how many proxies of your own stand in front.",
        )  # fmt: skip
    if settings.keeps_letters(read):
        yield Finding(LOOK, f"No mail server is set: letters are kept in {read.letters_dir}.",
                      "For a trial that is right. For people, set SMTP_URL and MAIL_FROM.")  # fmt: skip
    if not read.metrics_token:
        yield Finding(LOOK, "METRICS_TOKEN is not set: no alarm can be raised.", "docs/watch.md says how.")


def of_keys(path: Path) -> Iterator[Finding]:
    """Where the key ring lies. Raises KeyRingError where it cannot be used at all."""
    ring = crypto.read(path)
    words = f"The key ring at {path} holds {len(ring.keys)} {'key' if len(ring.keys) == 1 else 'keys'}."
    folder = path.resolve().parent
    if stat.S_IMODE(folder.stat().st_mode) & 0o022:
        yield Finding(WRONG, f"{words} Others may replace it: they can write to {folder}.", f"chmod 700 {folder}")
    else:
        yield _well(words)


#: What the database's own words mean, by the first that fits, and what to do.
_FAULTS = (
    (r"read-?only", "It stores nothing: it is read-only.",
     "Name the server that leads in DATABASE_URL, not one that follows. A file must belong to the site's account."),
    (r"diskfull|disk is full|no space|could not extend", "It stores nothing: its disk is full.",
     "Make room on the disk it lies on (old backups and logs first); the site goes on by itself."),
    (r"disk i/o", "Its disk fails, or takes no more.", "Look at the disk: df -h, dmesg. Then docs/backup.md."),
    (r"is locked", "It stores nothing: somebody else has been writing for five seconds.",
     "Is a backup or a command of yours at work? If not, restart the worker."),
    (r"password|no pg_hba|role .* does not exist", "It does not let us in.",
     "Compare user and password in DATABASE_URL with what the server knows."),
    (r"database .* does not exist", "The server has no database of that name.",
     "Create it (docs/deploy.md), or mend the name at the end of DATABASE_URL."),
    (r"not a database|malformed|corrupt", "Its file is damaged.", "Stop everything and restore it: docs/backup.md."),
    (r"unable to open", "Its file cannot be opened.",
     "It or its folder is not there (is a disk not mounted?), or belongs to another account."),
    (r"too many|remaining connection", "The server takes no more connections.",
     "Raise max_connections above twice POOL_SIZE for each process, or lower POOL_SIZE."),
)  # fmt: skip
_AWAY = ("It cannot be reached.", "Is the server running, and is its address in DATABASE_URL right?")


def _fault(error: SQLAlchemyError) -> Finding:
    orig = error.orig if isinstance(error, DBAPIError) else error
    said = f"{type(orig).__name__} {orig}"
    meaning, remedy = next(((m, r) for sign, m, r in _FAULTS if re.search(sign, said, re.IGNORECASE)), _AWAY)
    return Finding(WRONG, f"The database: {meaning} ({type(orig).__name__})", remedy)


def of_database() -> Iterator[Finding]:
    """Whether the database is there, up to date, can be written, opens with our keys; and how the machinery does. In
    an application's context."""
    try:
        db.session.execute(select(1))
        yield _well("The database can be read.")
        db.session.rollback()
        if not migrated.is_at_head():
            yield Finding(WRONG, "The database is not up to date.", "petition migrate")
            return
        yield _well("It is up to date.")
        yield from _of_rows()
    except SQLAlchemyError as error:
        db.session.remove()
        yield _fault(error)


def _of_rows() -> Iterator[Finding]:
    sightings.try_writing(db.now())
    db.session.commit()
    yield _well("It can be written.")
    try:
        campaigns.try_keys()
    except Unsealable:
        yield Finding(
            WRONG, "What is stored does not open with this key ring: nobody can sign.",
            "KEYS_FILE names another ring than the one this database was made with. Put the right one back.",
        )  # fmt: skip
    else:
        yield _of_ring()
    found = pulse.read(db.now())
    db.session.remove()
    yield from _of_pulse(found)
    yield from _of_letters(found)
    yield _of_backup(found)
    yield from _of_disk()


def _of_ring() -> Finding:
    missing = sorted(resealing.sample() - crypto.ring().keys.keys())
    db.session.rollback()
    if not missing:
        return _well("It opens with this key ring.")
    numbers = ", ".join(str(key) for key in missing)
    return Finding(
        WRONG, f"The ring lacks a key that seals some of what is stored (number {numbers}): nobody can open it.",
        "Is it an older one, from a backup? Put the newest back. `petition keys list --rows` counts what each seals.",
    )  # fmt: skip


_REMEDIES = {
    "clock": "Set the clocks of all machines by NTP (on Debian: systemd-timesyncd), then restart.",
    "worker": "Start one: systemctl start petition-worker@1, or petition.service. Its log says why it ended:"
    " journalctl -u 'petition*'",
    "letters": "If a worker runs, the mail server does not take them: see below, and `petition letter list`.",
    "moves": "Totals are right all the same. The worker numbers them: restart it; its log says what keeps it.",
    "jobs": "The worker does them: restart it; its log says what keeps it.",
}
_NAMES = {
    "clock": "Clocks", "worker": "Workers", "letters": "Letters somebody waits for", "moves": "Changes of the totals",
    "jobs": "Jobs",
}  # fmt: skip


def _of_pulse(found: Pulse) -> Iterator[Finding]:
    for one in pulse.looked_at(found):
        words = f"{_NAMES[one.what]}: {one.words}."
        yield _well(words) if one.is_well else Finding(WRONG, words, _REMEDIES[one.what])


#: Letters that mail servers have put off for longer than this, if there are more than so many: it is not their readers.
_PUT_OFF, _SOME = timedelta(hours=1), 20


def _of_letters(found: Pulse) -> Iterator[Finding]:
    age = found.put_off.age(found.at)
    if found.put_off.count > _SOME and age > _PUT_OFF:
        yield Finding(
            WRONG, f"Mail servers have put off {found.put_off.count} letters, the oldest of {pulse.in_words(age)} ago.",
            "They are tried again every hour. `petition letter list` has the codes; ask who runs the mail server.",
        )  # fmt: skip
    parked = sum(count for (state, _news), count in found.letters.items() if state == "parked")
    if parked:
        yield Finding(
            WRONG, f"{parked} letters are parked: we failed ourselves to make them.",
            "`petition letter list` says by which mistake. Once it is mended: petition letter retry",
        )  # fmt: skip


def _of_backup(found: Pulse) -> Finding:
    if found.backup is None:
        return Finding(
            LOOK, "No backup was ever noted.",
            "Let what makes your backups end with `petition backed-up`, so that a missing one is noticed.",
        )  # fmt: skip
    age = found.at - found.backup
    words = f"The last backup was made {pulse.in_words(age)} ago."
    if age <= BACKUP:
        return _well(words)
    return Finding(WRONG, words, "Look at what makes them, and whether its disk is full: docs/backup.md.")


def _of_disk() -> Iterator[Finding]:
    found = pulse.disk()
    if found is None:
        return
    free, size = found
    words = f"The database's disk has {free / 1e9:.1f} GB free of {size / 1e9:.1f}."
    if free < max(LEAST_SHARE * size, LEAST_BYTES):
        yield Finding(WRONG, words, "Make room before it is full; then nobody can sign.")
    else:
        yield _well(words)
    file = Path(str(db.database().engine.url.database))
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield Finding(WRONG, f"Others on this machine can read {file}.", f"chmod 600 {file}")
