"""Doing erasures again on a restored database, each as it was done (E3): by the same verbs, and without a letter."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select, update

from petition import accounts, campaigns, contacts, endorsements, erasures, links, partner_people, signatures
from petition.accounts import Account
from petition.base import db
from petition.contacts import ContactLink, PendingContact
from petition.endorsements import ENDORSE, Endorsement
from petition.erasures import Deed
from petition.links import Link
from petition.signatures import PendingSignature
from petition.teams import LastOwner

#: Who acts, in the journal.
RESTORED = "restored backup"


def replay(deed: Deed) -> bool:
    """Do one deed again in the caller's transaction, and remember it; whether there was anything to do.

    What came into being after the backup is not there and need not be; who was waiting without a link gets the one
    they had, so that their letter's address works.
    """
    again = _AGAIN.get(deed.deed)
    done = again is not None and again(deed)
    erasures.remember(deed)
    return done


def _signing_link(deed: Deed) -> Link | None:
    """The link a deed was done by, locked; or that of the mailbox whose typed form it erased."""
    if deed.link is None:
        return None
    found = links.lock(deed.link)
    if found is not None:
        return found
    typed = select(PendingSignature.campaign_id, PendingSignature.mailbox).where(PendingSignature.id.in_(deed.rows))
    row = db.session.execute(typed.limit(1)).one_or_none()
    if row is None:
        return None
    taken = links.take(*row)
    mine = Link.campaign_id == taken.campaign_id, Link.mailbox == taken.mailbox
    db.session.execute(update(Link).where(*mine).values(id=deed.link))
    db.session.expire(taken)
    return links.lock(deed.link)


def _withdraw(deed: Deed) -> bool:
    link = _signing_link(deed)
    return link is not None and signatures.withdraw(campaigns.read_id(link.campaign_id), link, deed.at, told=True)


def _disown(deed: Deed) -> bool:
    link = _signing_link(deed)
    if link is not None:
        signatures.disown(campaigns.read_id(link.campaign_id), link, deed.at)
    return link is not None


def _wish_link(deed: Deed) -> ContactLink | None:
    if deed.link is None:
        return None
    found = contacts.lock(deed.link)
    if found is not None:
        return found
    typed = db.session.scalars(select(PendingContact).where(PendingContact.id.in_(deed.rows)).limit(1)).one_or_none()
    return _as_it_was(contacts.take(contacts.wish_of(typed)), deed.link) if typed else None


def _as_it_was(taken: ContactLink, link_id: UUID) -> ContactLink | None:
    """A link made for what was typed, which nothing points to yet."""
    if contacts.contact_of(taken) is not None:
        return taken
    db.session.execute(update(ContactLink).where(ContactLink.id == taken.id).values(id=link_id))
    db.session.expunge(taken)
    return contacts.lock(link_id)


def _end_wish(deed: Deed) -> bool:
    link = _wish_link(deed)
    if link is not None:
        contacts.stop(link, deed.at)
    return link is not None


def _disown_wish(deed: Deed) -> bool:
    link = _wish_link(deed)
    if link is None:
        return False
    if link.wish == ENDORSE:
        endorsements.disown(link, deed.at)
    else:
        contacts.disown(link, deed.at)
    return True


def _withdraw_endorsement(deed: Deed) -> bool:
    some = select(Endorsement).where(Endorsement.id.in_(deed.rows)).with_for_update()
    found = db.session.scalars(some).all()
    for row in found:
        endorsements.withdraw(row, RESTORED)
    return bool(found)


def _suppress(deed: Deed) -> bool:
    if deed.link is None or deed.mailbox is None:
        return False
    links.suppress_by(deed.link, deed.mailbox, deed.at)
    return True


def _allow(deed: Deed) -> bool:
    if deed.link is None:
        return False
    link = links.lock(deed.link) or contacts.lock(deed.link)
    if link is not None:
        links.allow(link, deed.at)
    else:
        links.lift(deed.link)
    return link is not None


def _remove_account(deed: Deed) -> bool:
    removed = False
    for account in db.session.scalars(select(Account).where(Account.id.in_(deed.rows))).all():
        try:
            with db.session.begin_nested():
                partner_people.leave_all(account, RESTORED)
                accounts.remove(account, RESTORED)
            removed = True
        except LastOwner:
            # Somebody else was in charge by then, and is not any more: `petition account list` shows both.
            continue
    return removed


_AGAIN: dict[str, Callable[[Deed], bool]] = {
    erasures.WITHDRAWN: _withdraw,
    erasures.DISOWNED: _disown,
    erasures.WISH_ENDED: _end_wish,
    erasures.WISH_DISOWNED: _disown_wish,
    erasures.ENDORSEMENT_WITHDRAWN: _withdraw_endorsement,
    erasures.SUPPRESSED: _suppress,
    erasures.ALLOWED: _allow,
    erasures.ACCOUNT_REMOVED: _remove_account,
}
