"""The organisers' accounts: by invitation only. The sessions of the desk, and guesses at its door.

What a library does with them (passwords, factors) is in `web/desk`; here are the columns, and the verbs that the
desk and the commands share. An account's address is in clear: organisers answer for what they do.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from flask import current_app
from sqlalchemy import JSON, ColumnElement, ForeignKey, LargeBinary, String, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from petition import erasures, journal, links
from petition.base import crypto, db, tokens, urls
from petition.base.mailbox import Mailbox

_key = "petition.accounts"
#: An invitation works for so long; whoever invites can send another one.
INVITED = timedelta(days=7)
#: A session ends when it was not used for the first, and at the latest after the second.
IDLE = timedelta(hours=24)
LONGEST = timedelta(days=30)
#: The key of the site's own under which passwords are hashed. Never replaced: every password would be lost.
PASSWORD_KEY = "passwords"  # noqa: S105  # the name of a key, not a key


class Account(db.Base):
    """A person who can sign in at the desk, or has been invited to."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: In small letters; letters go there, and it is what one signs in with.
    address: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(12))
    #: Changes with the password: what was signed for the old one (sessions, links for forgotten passwords) is dead.
    uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    #: The secret shared with an authenticator app, sealed; None until one is set up.
    factor: Mapped[bytes | None] = mapped_column(LargeBinary)
    factor_method: Mapped[str | None] = mapped_column(String(20))
    #: The last code's number, so that none is taken twice.
    factor_counter: Mapped[int | None]
    #: Keyed hashes of the codes for a lost phone; each works once.
    recovery_codes: Mapped[list[str] | None] = mapped_column(JSON)
    #: What an invitation's link names; None once it was followed to its end.
    invitation: Mapped[UUID | None] = mapped_column(unique=True)
    invited_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]

    def called(self) -> str:
        """How pages and the journal name the person; the number tells people of one name apart."""
        return f"{self.name or self.address} (account {self.id})"


class AccountSession(db.Base):
    """Somebody signed in on one device. No address of a network is kept."""

    __tablename__ = "account_session"

    #: A hash of the random word in the cookie: the database alone signs nobody in.
    id: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    #: Such as "Firefox, Android".
    device: Mapped[str] = mapped_column(String(60))
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class Guess(db.Base):
    """How often something was typed at the door in an hour, by keyed hashes of what for and where from."""

    __tablename__ = "guess"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int]


class Taken(Exception):
    """There is an account with this address already."""


def by_address(address: str) -> Account | None:
    """The account of an address, whatever its capitals."""
    return db.session.scalars(select(Account).where(Account.address == address.lower())).one_or_none()


def by_id(account_id: int) -> Account | None:
    """The account of a number."""
    return db.session.get(Account, account_id)


def exist() -> bool:
    """Whether anybody has an account, or is invited to one."""
    return db.session.scalar(select(Account.id).limit(1)) is not None


def everybody() -> Sequence[Account]:
    """All accounts by name."""
    return db.session.scalars(select(Account).order_by(func.lower(Account.name), Account.address)).all()


def invite(box: Mailbox, actor: str, *, language: str, name: str = "") -> Account:
    """Make an account that waits for its person; its link is `invitation_address`. Raises Taken."""
    if by_address(box.address) is not None:
        raise Taken(box.address)
    made = Account(
        address=box.address.lower(), name=name, language=language, uniquifier=secrets.token_hex(16), active=True,
        password=None, factor=None, factor_method=None, factor_counter=None, recovery_codes=None, invitation=uuid4(),
        invited_at=db.now(), joined_at=None,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:
        # Somebody else invites the same person at this moment.
        raise Taken(box.address) from None
    journal.write(actor, "account invited", about=made.id)
    return made


def invite_again(account: Account, actor: str) -> None:
    """A fresh link for who has not joined yet; the old one is dead."""
    account.invitation, account.invited_at = uuid4(), db.now()
    journal.write(actor, "account invited", about=account.id, reason="again")


def invitation_address(account: Account) -> str:
    """The public address at which an invited person chooses a password."""
    assert account.invitation is not None
    return urls.absolute(urls.welcome(tokens.link("invitation", account.invitation)))


def invited(token: str) -> Account | None:
    """The account whose invitation this is, None for a wrong, used or old one."""
    try:
        link = tokens.read_link("invitation", token)
    except tokens.BadToken:
        return None
    since = db.now() - INVITED
    return db.session.scalars(select(Account).where(Account.invitation == link, Account.invited_at > since)).first()


def join(account: Account, *, name: str, language: str, password: str) -> None:
    """Follow an invitation to its end; the password comes hashed."""
    account.name, account.language, account.password = name, language, password
    account.invitation, account.joined_at = None, db.now()
    journal.write(account.called(), "account joined", about=account.id)


def reset_factor(account: Account, actor: str, reason: str = "") -> None:
    """Forget the authenticator app and the recovery codes, and end every session: at the next sign-in a new app is
    set up. For who has lost phone and codes."""
    account.factor = account.factor_method = account.factor_counter = account.recovery_codes = None
    account.uniquifier = secrets.token_hex(16)
    end_sessions(account.id)
    journal.write(actor, "second factor reset", about=account.id, reason=reason)


def remove(account: Account, actor: str, reason: str = "") -> None:
    """Delete an account with its sessions; what it did stays in the journal. Its grants are `teams.leave_all`'s."""
    end_sessions(account.id)
    journal.write(actor, "account removed", about=account.id, reason=reason)
    erasures.note(erasures.ACCOUNT_REMOVED, db.now(), rows=[account.id])
    db.session.delete(account)
    db.session.flush()


def secret(purpose: str) -> bytes:
    """The key under which passwords, recovery codes or guesses are hashed: one for each purpose, remembered by the
    process. Where the site has none yet it is made in the caller's transaction."""
    key: bytes | None = current_app.extensions.get(_key)
    if key is None:
        key = links.known_site_key(PASSWORD_KEY)
        if key is None:
            # Not remembered until it is seen stored: this transaction may yet fail.
            return crypto.keyed_hash(links.site_key(PASSWORD_KEY), purpose, "")
        current_app.extensions[_key] = key
    return crypto.keyed_hash(key, purpose, "")


def session_id(word: str) -> bytes:
    """What stands in the table for the random word in a cookie."""
    return hashlib.sha256(word.encode()).digest()


def begin_session(account_id: int, device: str) -> str:
    """A new session; the word for the cookie."""
    word, now = secrets.token_urlsafe(32), db.now()
    row = AccountSession(id=session_id(word), account_id=account_id, device=device[:60], began_at=now, seen_at=now)
    db.session.add(row)
    db.session.flush()
    return word


def end_session(account_id: int, row: bytes) -> bool:
    """End one session of an account; False where there was none."""
    mine = delete(AccountSession).where(AccountSession.account_id == account_id, AccountSession.id == row)
    return bool(db.count(mine))


def end_sessions(account_id: int, but: bytes = b"") -> int:
    """End all sessions of an account, or all but one; how many ended."""
    all_of = delete(AccountSession).where(AccountSession.account_id == account_id, AccountSession.id != but)
    return db.count(all_of)


def sessions(account_id: int, at: datetime) -> Sequence[AccountSession]:
    """The sessions of an account that are not over, newest use first."""
    mine = select(AccountSession).where(AccountSession.account_id == account_id, *is_on(at))
    return db.session.scalars(mine.order_by(AccountSession.seen_at.desc())).all()


def is_on(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions under which a session is not over."""
    return AccountSession.seen_at > at - IDLE, AccountSession.began_at > at - LONGEST
