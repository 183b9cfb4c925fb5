"""Whether what people were told is what is stored: the invariants I1 to I12, from ledgers, a database and logs.

It counts by itself from rows, with plain SQL, and asks the site's own check of the register as well: a fault in what
both would share must not hide. Run it when nothing writes any more; `consistent` alone may be asked at any moment.
"""

import mmap
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import Connection, select, text

import petition.worker  # noqa: F401  # with it come all tables
from petition import campaigns, checks
from petition.app import create_app
from petition.base import crypto, db, outbox, settings, tokens
from petition.base.tokens import BadToken
from tests.chaos import ledger, sink
from tests.chaos.ledger import Entry
from tests.chaos.people import CANARY
from tests.chaos.sink import Mail

#: What a client may be told (I11).
STATUSES = {200, 303, 400, 403, 404, 410, 413, 415, 422, 429, 503}
#: Seconds after which somebody hangs.
HANG = 30.0
#: Seconds in which a letter must have come once all is well (I6).
SOON = 60.0
#: The limits of letters about signing, see A6.
BETWEEN, A_DAY_HERE, A_DAY_EVERYWHERE = 600.0, 3, 5
#: The site's clock runs when it stores, the sink's when the letter arrives.
SLACK = 5.0
LIMITED = ("confirm", "already", "reminder")
#: So often a letter goes on the wire of which nobody knows whether it came.
MOST_TRIES = 2
#: How many of one kind are named.
MOST = 5

#: Who asked in which campaign.
Box = tuple[str, str]


@dataclass
class Run:
    """What is known of a run. `kills`: when something was killed, cut off or taken away, in seconds since the epoch."""

    asked: dict[Box, list[Entry]]
    entries: list[Entry]
    mails: list[Mail]
    kills: Sequence[float] = ()
    #: When the last fault had ended; at first, when the last entry was.
    well: float = 0.0
    soon: float = SOON


@dataclass
class Stored:
    """What the database has, by campaign and mailbox key where it is a mailbox's."""

    pending: dict[tuple[int, bytes], int]
    #: id and state
    signatures: dict[tuple[int, bytes], tuple[int, str]]
    links: set[UUID]
    #: by signature: how often it was entered, and the sum of its moves
    moves: dict[int, tuple[int, int]]
    #: from when to when a letter was tried of which nobody knows whether it came
    uncertain: dict[tuple[int, bytes], tuple[float, float]]
    key_of: Callable[[Box], tuple[int, bytes]]
    problems: list[str] = field(default_factory=list)


def check(
    ack_ledger: Path | Sequence[Path], letter_ledger: Path, environ: Mapping[str, str], logs: Iterable[Path], *,
    kills: Sequence[float] = (), well: float | None = None, soon: float = SOON, canary: str = CANARY,
) -> list[str]:  # fmt: skip
    """One sentence for each breach; none when all holds.

    `environ` holds the settings of the house. `logs` are files and folders in which nobody may be named: logs,
    temporary files, the database's own. `kills` are the moments at which something was killed or cut off: only there
    may a letter have come twice. `well` is when the last fault had ended (default: the last answer); letters must have
    come `soon` seconds later.
    """
    paths = [ack_ledger] if isinstance(ack_ledger, Path) else list(ack_ledger)
    run = _run(paths, letter_ledger, kills, well, soon)
    app = create_app(settings.read(environ))
    with app.app_context():
        try:
            wrong = _checked(run)
        finally:
            db.session.remove()
            db.database().dispose()
    return wrong + list(_told(run.entries)) + list(named(_searched(environ, logs), canary))


def _run(paths: Sequence[Path], letters: Path, kills: Sequence[float], well: float | None, soon: float) -> Run:
    entries = [entry for path in paths for entry in ledger.read(path)]
    asked: dict[Box, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.who:
            asked[entry.who, entry.campaign].append(entry)
    last = max((entry.ended for entry in entries), default=0.0)
    return Run(asked, entries, list(sink.mails(letters)), kills, last if well is None else well, soon)


def _checked(run: Run) -> list[str]:
    with db.snapshot() as connection:
        wrong = list(consistent(connection))
        wrong += _rows(connection)
        stored = _stored(connection)
    wrong += checks.register_differences()
    db.session.rollback()
    for found in (
        _lost_signs(run, stored), _confirmations(run, stored), _withdrawals(run, stored), _counted_once(stored),
        _letters(run, stored), _repeated(run), _over_limits(run),
    ):  # fmt: skip
        wrong += _few(found)
    return wrong


def _few(found: Iterable[str]) -> list[str]:
    """The first of many, and how many there are."""
    all_of_them = list(found)
    more = [f"{all_of_them[0][:3]} … and {len(all_of_them) - MOST} more"] if len(all_of_them) > MOST else []
    return all_of_them[:MOST] + more


# --- The database alone ----------------------------------------------------------------------------------------------

_SUMS = text(
    """SELECT id,
    (SELECT count(*) FROM signature s WHERE s.campaign_id = c.id AND s.state = 'counted'),
    (SELECT coalesce(sum(m.amount), 0) FROM move m WHERE m.campaign_id = c.id AND m.signature_id IS NULL),
    (SELECT coalesce(sum(m.amount), 0) FROM move m WHERE m.campaign_id = c.id),
    (SELECT coalesce(sum(t.amount), 0) FROM tally t WHERE t.campaign_id = c.id AND t.dimension = 'total'),
    (SELECT coalesce(sum(m.amount), 0) FROM move m WHERE m.campaign_id = c.id AND m.number IS NULL)
    FROM campaign c"""
)
_NUMBERS = text(
    """SELECT campaign_id, count(number), count(DISTINCT number), coalesce(min(number), 1), coalesce(max(number), 0)
    FROM move GROUP BY campaign_id"""
)
_TWICE = text("SELECT campaign_id, count(*) FROM signature GROUP BY campaign_id, mailbox, seat HAVING count(*) > 1")
_SEALED = text(
    """SELECT state, count(*) FROM letter WHERE sealed IS NOT NULL
    AND state IN ('sent', 'failed', 'uncertain', 'needless') GROUP BY state"""
)


def consistent(connection: Connection) -> Iterator[str]:
    """I3 of one moment: `connection` must see one (db.snapshot)."""
    for campaign, counted, numbers, moves, tallied, waiting in connection.execute(_SUMS):
        if not counted + numbers == moves == tallied + waiting:
            yield (
                f"I3: campaign {campaign}: {counted} rows and {numbers} by numbers alone count, the moves sum up to"
                f" {moves}, tallies and what waits to {tallied} + {waiting}."
            )


def _rows(connection: Connection) -> Iterator[str]:
    for campaign, count in connection.execute(_TWICE):
        yield f"I4: campaign {campaign} has {count} signatures of one mailbox and seat."
    for campaign, count, distinct, first, last in connection.execute(_NUMBERS):
        if not (count == distinct == last and first == 1):
            yield f"I5: campaign {campaign}: {count} moves have {distinct} numbers from {first} to {last}."
    for state, count in connection.execute(_SEALED):
        yield f"I9: {count} letters that are {state} still hold an address."


def _stored(connection: Connection) -> Stored:
    pending = text("SELECT campaign_id, mailbox, count(*) FROM pending_signature GROUP BY campaign_id, mailbox")
    signed = text("SELECT campaign_id, mailbox, id, state FROM signature")
    moves = text(
        """SELECT signature_id, sum(CASE kind WHEN 'entered' THEN 1 ELSE 0 END), sum(amount) FROM move
        WHERE signature_id IS NOT NULL GROUP BY signature_id"""
    )
    links = connection.execute(text("SELECT id FROM link")).scalars()
    letter = outbox.table.c
    uncertain = select(letter.campaign_id, letter.mailbox, letter.created_at, letter.settled_at)
    uncertain = uncertain.where(letter.state == "uncertain")
    return Stored(
        pending={(row[0], bytes(row[1])): row[2] for row in connection.execute(pending)},
        signatures={(row[0], bytes(row[1])): (row[2], row[3]) for row in connection.execute(signed)},
        links={one if isinstance(one, UUID) else UUID(str(one)) for one in links},
        moves={row[0]: (int(row[1]), int(row[2])) for row in connection.execute(moves)},
        uncertain={(row[0], row[1]): (row[2].timestamp(), row[3].timestamp()) for row in connection.execute(uncertain)},
        key_of=_keys(),
    )


def _keys() -> Callable[[Box], tuple[int, bytes]]:
    """The mailbox keys of those who signed; their addresses are such that folding leaves them as they are."""
    known: dict[str, tuple[int, bytes]] = {}
    for reading in campaigns.every():
        known[reading.slug] = reading.id, reading.hash_key()
    db.session.rollback()

    def key_of(box: Box) -> tuple[int, bytes]:
        campaign_id, key = known[box[1]]
        return campaign_id, crypto.keyed_hash(key, "mailbox", box[0])

    return key_of


# --- The database and the ledgers ------------------------------------------------------------------------------------


def _took(entry: Entry) -> bool:
    """Whether somebody was told that it is done."""
    if entry.asked == "sign":
        return entry.status == 303
    if entry.asked == "confirm":
        return entry.status == 303 and entry.note == "thanks"
    return entry.status == 200


def _may_have(entry: Entry) -> bool:
    """Whether it may have been done all the same: nobody knows, or the answer speaks of something else."""
    return entry.status in (0, 200, 303, 500, 502, 503, 504)


def _of(entries: Iterable[Entry], asked: str, which: Callable[[Entry], bool]) -> list[Entry]:
    return [entry for entry in entries if entry.asked == asked and which(entry)]


def _lost_signs(run: Run, stored: Stored) -> Iterator[str]:
    """I1: what was taken is there, or the same mailbox has gone on since."""
    for box, entries in run.asked.items():
        taken = _of(entries, "sign", _took)
        key = stored.key_of(box)
        pending = stored.pending.get(key, 0)
        withdrawn = _of(entries, "withdraw", _may_have)
        since = max((entry.ended for entry in [*withdrawn, *_of(entries, "confirm", _may_have)]), default=0.0)
        if taken and not withdrawn and not pending and key not in stored.signatures:
            yield f"I1: {box[0]} was told that their signature of {box[1]} waits, and nothing is there."
        elif pending < sum(entry.began > since for entry in taken):
            yield f"I1: {box[0]} signed {box[1]} {len(taken)} times, and {pending} wait."
        elif pending > len(_of(entries, "sign", _may_have)):
            yield f"I1: {box[0]} asked {box[1]} {len(taken)} times, and {pending} wait."


def _confirmations(run: Run, stored: Stored) -> Iterator[str]:
    """I2: what was confirmed is a signature that was entered once, or has been withdrawn since."""
    for box, entries in run.asked.items():
        confirmed = _of(entries, "confirm", _took)
        if not confirmed:
            continue
        left = [entry for entry in _of(entries, "withdraw", _may_have) if entry.ended > confirmed[0].began]
        found = stored.signatures.get(stored.key_of(box))
        if found is None and not left:
            yield f"I2: {box[0]} was thanked for {box[1]}, and there is no signature."
        elif found is not None and stored.moves.get(found[0], (0, 0))[0] != 1:
            yield f"I2: the signature of {box[0]} was entered {stored.moves.get(found[0], (0, 0))[0]} times."


def _withdrawals(run: Run, stored: Stored) -> Iterator[str]:
    """I1 and I2, the other way round: what was withdrawn stays withdrawn."""
    for box, entries in run.asked.items():
        gone = _of(entries, "withdraw", _took)
        again = [
            entry for entry in entries if gone and entry.ended > gone[0].began and entry.asked in ("sign", "confirm")
        ]
        if gone and not again and stored.key_of(box) in stored.signatures:
            yield f"I2: {box[0]} was told that their signature of {box[1]} is gone, and it is there."


def _counted_once(stored: Stored) -> Iterator[str]:
    """I2 without the ledger: a signature is entered once, and its moves sum up to what its row says."""
    rows = dict(stored.signatures.values())
    for signature, (entered, amount) in stored.moves.items():
        if entered != 1:
            yield f"I2: signature {signature} was entered {entered} times."
        elif amount != (rows.get(signature) == "counted"):
            yield f"I2: the moves of signature {signature} sum up to {amount}, its row says {rows.get(signature)}."
    for signature in rows.keys() - stored.moves.keys():
        yield f"I2: signature {signature} was never entered."


# --- Letters ---------------------------------------------------------------------------------------------------------


def _letters(run: Run, stored: Stored) -> Iterator[str]:
    """I6: who signed has a letter with a link that works, in time. Who was twice cut off from while theirs was on the
    wire may have none (security.md, F4): a third try could be the third letter."""
    came: dict[str, list[Mail]] = defaultdict(list)
    refused = {mail.to for mail in run.mails if mail.answered[:1] == "5"}
    for mail in run.mails:
        if mail.taken and mail.link:
            came[mail.to].append(mail)
    for box, entries in run.asked.items():
        taken = _of(entries, "sign", _took)
        if not taken or box[0] in refused:
            continue
        mine = [mail for mail in came[box[0]] if mail.campaign == box[1]]
        if not mine and _cut_off(run, stored.uncertain.get(stored.key_of(box))) >= MOST_TRIES:
            continue
        if not mine:
            yield f"I6: {box[0]} signed {box[1]}, and no letter came."
            continue
        late = min(mail.at for mail in mine) - max(taken[0].ended, run.well)
        if late > run.soon:
            yield f"I6: the letter to {box[0]} came {late:.0f} s late."
        withdrawn = _of(entries, "withdraw", _may_have)
        if not withdrawn and not any(_works(mail.link, stored.links) for mail in mine):
            yield f"I6: no link in the letters to {box[0]} works."


def _cut_off(run: Run, tried: tuple[float, float] | None) -> int:
    return sum(tried[0] - SLACK < at < tried[1] + SLACK for at in run.kills) if tried else 0


def _works(link: str, there: Collection[UUID]) -> bool:
    try:
        return tokens.read_link("own", link.removeprefix("/t/").partition("?")[0]) in there
    except BadToken:
        return False


def _repeated(run: Run) -> Iterator[str]:
    """I7: twice at most, the second time only if something was cut off in between, and then the same link."""
    by_id: dict[str, list[Mail]] = defaultdict(list)
    for mail in run.mails:
        if mail.taken:
            by_id[mail.message_id].append(mail)
    for mails in by_id.values():
        first, *more = mails
        if len(more) > 1:
            yield f"I7: a letter to {first.to} came {len(mails)} times."
        elif more and not (first.answered != "250" or any(first.at - SLACK < at < more[0].at for at in run.kills)):
            yield f"I7: a letter to {first.to} came twice, and nothing was cut off."
        if {mail.link for mail in more} - {first.link} or {mail.to for mail in more} - {first.to}:
            yield f"I7: two letters to {first.to} with one Message-ID differ."


def _over_limits(run: Run) -> Iterator[str]:
    """I8: letters about signing to one mailbox; a letter that came again is the same letter."""
    by_mailbox: dict[str, dict[str, Mail]] = defaultdict(dict)
    for mail in run.mails:
        if mail.taken and mail.kind in LIMITED:
            by_mailbox[mail.to].setdefault(mail.message_id, mail)
    for address, letters in by_mailbox.items():
        by_campaign: dict[str, list[float]] = defaultdict(list)
        for mail in letters.values():
            by_campaign[mail.campaign].append(mail.at)
        for campaign, moments in by_campaign.items():
            moments.sort()
            if any(later - earlier < BETWEEN - SLACK for earlier, later in pairwise(moments)):
                yield f"I8: two letters about {campaign} went to {address} within ten minutes."
            if _most_a_day(moments) > A_DAY_HERE:
                yield f"I8: {_most_a_day(moments)} letters about {campaign} went to {address} on one day."
        everywhere = _most_a_day([mail.at for mail in letters.values()])
        if everywhere > A_DAY_EVERYWHERE:
            yield f"I8: {everywhere} letters went to {address} on one day."


def _most_a_day(moments: Iterable[float]) -> int:
    return max(Counter(datetime.fromtimestamp(at, UTC).date() for at in moments).values(), default=0)


# --- What was told, and what may name nobody -------------------------------------------------------------------------


def _told(entries: Iterable[Entry]) -> Iterator[str]:
    """I11: honest answers, and nobody hangs."""
    statuses: Counter[int] = Counter()
    silent = long = 0
    for entry in entries:
        statuses[entry.status] += 1
        silent += entry.status in (429, 503) and not entry.retry_after
        long += entry.ended - entry.began > HANG
    for status in sorted(statuses.keys() - STATUSES - {0}):
        yield f"I11: {statuses[status]} requests were answered {status}."
    if silent:
        yield f"I11: {silent} were told to come again and not when."
    if long:
        yield f"I11: {long} waited for more than {HANG:.0f} s."


def _searched(environ: Mapping[str, str], logs: Iterable[Path]) -> Iterator[Path]:
    """Every file that may name nobody; an embedded database's among them, with its write-ahead log."""
    embedded = settings.read(environ).database_file
    for path in [*logs, *(embedded.parent.glob(f"{embedded.name}*") if embedded else ())]:
        yield from path.rglob("*") if path.is_dir() else [path]


def named(files: Iterable[Path], canary: str) -> Iterator[str]:
    """I10: the files in which the canary stands."""
    for path in files:
        if not path.is_file() or not path.stat().st_size:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data.find(canary.encode()) >= 0:
                yield f"I10: {path.name} names somebody."


def unacknowledged(ack_ledger: Path, environ: Mapping[str, str]) -> int:
    """I12: how many signatures and pending ones are there that nobody was told of. No breach: at each kill as many as
    were on their way."""
    run = _run([ack_ledger], ack_ledger.with_name("no letters"), (), None, SOON)
    app: Flask = create_app(settings.read(environ))
    with app.app_context(), db.snapshot() as connection:
        stored = _stored(connection)
        count = 0
        for box, entries in run.asked.items():
            key = stored.key_of(box)
            count += stored.pending.get(key, 0) > 0 and not _of(entries, "sign", _took)
            count += key in stored.signatures and not _of(entries, "confirm", _took)
    db_gone(app)
    return count


def db_gone(app: Flask) -> None:
    """Close the connections of an application made only to look."""
    with app.app_context():
        db.database().dispose()
