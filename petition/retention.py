"""What is forgotten when (S54). The worker goes through it every hour, `petition purge` at once.

Everything goes in batches, each a transaction of its own, so that nobody who signs waits for it. What fails is told
and left to the next hour; the other rules and campaigns go on.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from petition import accounts, campaigns, endorsements, erasures, journal, networks, pictures, trash
from petition.accounts import AccountSession, Guess
from petition.base import db, files, settings
from petition.base.jobs import RUNNING, Job
from petition.base.months import later
from petition.base.outbox import ENDED, UNSENT, Letter
from petition.blocks import Block
from petition.campaigns import Campaign, Consent, Reading
from petition.contacts import Contact, ContactLink, PendingContact
from petition.endorsements import ASKED, Endorsement
from petition.erasures import Erasure
from petition.gatherings import Gathering
from petition.links import Link, MailboxDay, SiteKey, Suppression
from petition.objections import Objection
from petition.rules import Rule, RuleRun, Touched
from petition.signatures import KEPT, PendingSignature, Signature
from petition.unshown import Unshown

_log = logging.getLogger(__name__)

#: Rows of one transaction.
BATCH = 5000
#: A link that holds nothing works for so long after its last letter.
IDLE_LINK = timedelta(days=14)
#: What is left of a letter that has ended; and the address in one that is parked since its last try.
ENDED_LETTER = timedelta(days=30)
PARKED_ADDRESS = timedelta(days=14)
MAILBOX_DAYS = timedelta(days=2)

#: One batch of a rule in the session's transaction: how many rows it changed, and whether there may be more.
_Batch = Callable[[], tuple[int, bool]]


def steps(at: datetime) -> Iterator[tuple[str, int]]:
    """Forget what is due at a moment, batch by batch: (rule, rows changed) after each that changed something.

    The caller commits at every step, before it asks for the next. What fails is rolled back, logged without what it
    was about, and given as ("in trouble", 1).
    """
    for rule, batch in _rules(at):
        yield from _until_done(rule, batch)
    for campaign_id in _ended_campaigns(at):
        yield from _until_done("campaign", _Forgetting(campaign_id, at).batch)


def _rules(at: datetime) -> Iterator[tuple[str, _Batch]]:
    """The rules that hold whatever becomes of the campaigns, in the order in which they run."""
    traces = at - networks.KEPT
    days_key = and_(SiteKey.name.startswith("network "), SiteKey.created_at <= traces)
    yield "networks", partial(_delete, SiteKey.name, days_key)
    for column, since in (
        (Signature.network, Signature.signed_at),
        (PendingSignature.network, PendingSignature.created_at),
        (Letter.network, Letter.created_at),
        (Gathering.network, Gathering.created_at),
        (Gathering.next_network, Gathering.created_at),
    ):
        yield "networks", partial(_empty, column, since <= traces)
    old_wishes = PendingContact.asked_at <= at - KEPT
    yield "pending contacts", partial(_delete, PendingContact.id, old_wishes)
    never_confirmed = and_(Endorsement.state == ASKED, Endorsement.asked_at <= at - endorsements.KEPT)
    yield "endorsements", partial(_delete, Endorsement.id, never_confirmed)
    yield "contacts", partial(_delete, Contact.id, _over(at))
    yield from (("pending signatures", partial(_pending, campaign_id, at)) for campaign_id in _with_old_pending(at))
    yield "limits", partial(_delete, MailboxDay.mailbox, MailboxDay.day <= at.astimezone(UTC).date() - MAILBOX_DAYS)
    over = or_(AccountSession.seen_at <= at - accounts.IDLE, AccountSession.began_at <= at - accounts.LONGEST)
    yield "sessions", partial(_delete, AccountSession.id, over)
    yield "guesses", partial(_delete, Guess.key, Guess.hour < int(at.timestamp()) // 3600 - 1)
    yield "erasures", partial(_delete, Erasure.id, Erasure.at <= at - erasures.KEPT)
    yield "suppressions", partial(_delete, Suppression.mailbox, Suppression.until <= at)
    ended = and_(Letter.state.in_(ENDED), Letter.settled_at <= at - ENDED_LETTER)
    yield "letters", partial(_delete, Letter.id, ended)
    # A letter is due when it was last tried, which is when it was parked.
    parked = and_(Letter.state == "parked", Letter.due_at <= at - PARKED_ADDRESS)
    yield "parked letters", partial(_empty, Letter.sealed, parked)
    # One that runs longer than it is kept is a worker's; it goes once it has ended.
    yield "jobs", partial(_delete, Job.id, and_(Job.ends_at <= at, Job.state != RUNNING))
    yield "files", lambda: files.sweep(at)
    # Before the pictures: those of what is deleted here are used no more.
    yield "trash", lambda: trash.sweep(at)
    yield "pictures", lambda: (pictures.sweep(at), False)
    yield "links", _Links(at).batch
    yield "links of contacts", partial(_delete, ContactLink.id, _idle_contact_link(at))


def _over(at: datetime) -> ColumnElement[bool]:
    """Contacts of the whole site whose time is over: as promised when they confirmed, or now if that is less."""
    since = later(at, -settings.current().contact_months)
    return and_(Contact.campaign_id.is_(None), or_(Contact.forgets_at <= at, Contact.confirmed_at <= since))


def _idle_contact_link(at: datetime) -> ColumnElement[bool]:
    """As with a link of signatures: it has stood for fourteen days, nothing is stored or waits, no silence holds."""
    waiting = PendingContact.mailbox == ContactLink.mailbox, PendingContact.wish == ContactLink.wish
    endorsing = Endorsement.campaign_id == ContactLink.campaign_id, Endorsement.mailbox == ContactLink.mailbox
    return and_(
        func.coalesce(ContactLink.sent_at, ContactLink.created_at) <= at - IDLE_LINK,
        or_(ContactLink.quiet_until.is_(None), ContactLink.quiet_until <= at),
        ~exists().where(*waiting),
        ~exists().where(Contact.link_id == ContactLink.id),
        ~exists().where(*endorsing, ContactLink.wish == endorsements.ENDORSE),
        ~exists().where(Suppression.link_id == ContactLink.id, Suppression.until > at),
    )


def _until_done(rule: str, batch: _Batch) -> Iterator[tuple[str, int]]:
    more = True
    while more:
        try:
            rows, more = batch()
        except Exception as error:
            db.session.rollback()
            # The text of an error may hold what was stored; its class cannot.
            _log.error("retention: “%s” failed: %s", rule, type(error).__name__)
            yield "in trouble", 1
            return
        if rows:
            yield rule, rows
        else:
            # Nothing was changed; what was read or locked must not wait for the next step.
            db.session.rollback()


def _delete(key: InstrumentedAttribute[Any], condition: ColumnElement[bool]) -> tuple[int, bool]:
    """Delete a batch of the rows that meet a condition; what somebody else has locked is left to the next hour."""
    due = _due(key, condition)
    rows = db.count(delete(_table(key)).where(key.in_(due), condition)) if due else 0
    return rows, rows >= BATCH


def _empty(column: InstrumentedAttribute[Any], condition: ColumnElement[bool]) -> tuple[int, bool]:
    """The same, for one column of the rows."""
    condition = and_(column.is_not(None), condition)
    key = column.class_.id
    due = _due(key, condition)
    rows = db.count(update(_table(key)).where(key.in_(due), condition).values({column.key: None})) if due else 0
    return rows, rows >= BATCH


def _due(key: InstrumentedAttribute[Any], condition: ColumnElement[bool]) -> list[Any]:
    """The keys of a batch, their rows locked. The condition is asked again with the deed: what it says of other
    tables may have changed until the lock was had."""
    return list(db.session.scalars(select(key).where(condition).limit(BATCH).with_for_update(skip_locked=True)))


def _table(key: InstrumentedAttribute[Any]) -> Table:
    return cast(Table, key.class_.__table__)


def _with_old_pending(at: datetime) -> list[int]:
    """Campaigns with pending signatures that are old by the wall's clock; by their own clocks they may not be."""
    old = select(PendingSignature.campaign_id).where(PendingSignature.asked_at <= at - KEPT).distinct()
    return list(db.session.scalars(old))


def _pending(campaign_id: int, at: datetime) -> tuple[int, bool]:
    """Fourteen days after their letter, on the campaign's own clocks; what had no letter yet stays."""
    since = campaigns.ago(campaigns.read_id(campaign_id), at, KEPT)
    of_campaign = PendingSignature.campaign_id == campaign_id
    return _delete(PendingSignature.id, and_(of_campaign, PendingSignature.asked_at <= since))


class _Links:
    """Looks through all links, a window at a time: clears silences that are over, deletes what holds nothing."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._window: ColumnElement[bool] = true()

    def batch(self) -> tuple[int, bool]:
        """One window."""
        place = tuple_(Link.campaign_id, Link.mailbox)
        keys = select(Link.campaign_id, Link.mailbox).where(self._window).order_by(Link.campaign_id, Link.mailbox)
        last = db.session.execute(keys.offset(BATCH - 1).limit(1)).one_or_none()
        window = self._window if last is None else and_(self._window, place <= tuple_(*last))
        cleared, _ = _empty(Link.quiet_until, and_(window, Link.quiet_until <= self.at))
        deleted, _ = _delete(Link.id, and_(window, *self._idle()))
        if last is not None:
            self._window = place > tuple_(*last)
        return cleared + deleted, last is not None

    def _idle(self) -> tuple[ColumnElement[bool], ...]:
        """It has stood for fourteen days since its last letter, nothing is stored, nothing waits, no silence holds."""
        unsent = Letter.state.in_(UNSENT)
        return (
            func.coalesce(Link.sent_at, Link.created_at) <= self.at - IDLE_LINK,
            or_(Link.quiet_until.is_(None), Link.quiet_until <= self.at),
            *(~exists().where(*_same_mailbox(held)) for held in (PendingSignature, Signature, Contact)),
            ~exists().where(*_same_mailbox(Letter), unsent),
            ~exists().where(Suppression.link_id == Link.id, Suppression.until > self.at),
        )


def _same_mailbox(held: type[PendingSignature | Signature | Contact | Letter]) -> tuple[ColumnElement[bool], ...]:
    return held.campaign_id == Link.campaign_id, held.mailbox == Link.mailbox


_Held = (
    Link | ContactLink | Letter | Job | PendingSignature | PendingContact | Contact | Objection | Unshown | Signature
    | Touched | RuleRun | Rule | Block
)  # fmt: skip
#: What a campaign's people have, links first: who holds one locked is done before anything else of theirs goes.
_PEOPLE = (
    Link, ContactLink, Letter, Job, PendingSignature, PendingContact, Contact, Objection, Unshown, Signature, Touched,
    RuleRun, Rule, Block,
)  # fmt: skip


def _ended_campaigns(at: datetime) -> list[int]:
    """Campaigns that are over and not forgotten, and forgotten ones of which something has come in since."""
    over = or_(Campaign.closes_at <= at, Campaign.withdrawn_at <= at)
    found = set(db.session.scalars(select(Campaign.id).where(Campaign.forgotten_at.is_(None), over)))
    for held in _PEOPLE:
        some = exists().where(held.campaign_id == Campaign.id)
        found |= set(db.session.scalars(select(Campaign.id).where(Campaign.forgotten_at.is_not(None), some)))
    named = exists().where(Endorsement.campaign_id == Campaign.id, endorsements.NAMES_SOMEBODY)
    found |= set(db.session.scalars(select(Campaign.id).where(Campaign.forgotten_at.is_not(None), named)))
    return sorted(found)


def forgets_at(reading: Reading) -> datetime | None:
    """When the people of a campaign are forgotten; None while no end of it is set.

    So many calendar months (UTC) after closing or withdrawing, whichever is earlier, as the shortest of the terms
    say under which anybody is stored, and of the current ones: nobody is kept longer than they were promised, and
    shorter terms hold for all. Pauses do not prolong it, for the promise names months.
    """
    ends = [moment for moment in (reading.closes_at, reading.withdrawn_at) if moment is not None]
    signed = [
        exists().where(held.campaign_id == Consent.campaign_id, held.consent_version == Consent.version)
        for held in (Signature, PendingSignature, PendingContact, Contact, Endorsement)
    ]
    promised = select(Consent.months).where(Consent.campaign_id == reading.id, or_(*signed))
    months = list(db.session.scalars(promised))
    months += [reading.consent.months] if reading.consent else []
    return later(min(ends), min(months)) if ends and months else None


class _Forgetting:
    """Forgets the people of one campaign. Its texts, register and tallies stay, and so do total and breakdowns."""

    def __init__(self, campaign_id: int, at: datetime) -> None:
        self.campaign_id, self.at = campaign_id, at
        self._signatures = 0
        self._due = False

    def batch(self) -> tuple[int, bool]:
        """A batch of one table's rows; when none is left, the key of the campaign's hashes, and the journal's line."""
        reading = campaigns.read_id(self.campaign_id)
        if not self._is_due(reading):
            return 0, False
        for held in _PEOPLE:
            rows = self._delete(held)
            if rows:
                self._signatures += rows if held is Signature else 0
                return rows, True
        rows = endorsements.forget_people(self.campaign_id)
        if rows:
            return rows, True
        return (0, False) if reading.forgotten_at else (self._finish(), False)

    def _is_due(self, reading: Reading) -> bool:
        """Asked before the first batch only: with rows gone, those left may have been promised something else."""
        due = reading.forgotten_at or (self.at if self._due else forgets_at(reading))
        self._due = due is not None and due <= self.at
        return self._due

    def _delete(self, held: type[_Held]) -> int:
        """Waits for what is locked, for nothing may be left."""
        some = select(held.id).where(held.campaign_id == self.campaign_id).limit(BATCH)
        return db.count(delete(_table(held.id)).where(held.id.in_(some)))

    def _finish(self) -> int:
        campaign = update(_table(Campaign.id)).where(Campaign.id == self.campaign_id)
        rows = db.count(campaign.values(hash_key=None, forgotten_at=self.at))
        journal.write("retention", "campaign forgotten", campaign_id=self.campaign_id, count=self._signatures)
        return rows
