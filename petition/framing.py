"""On whose pages a campaign's form may stand in a frame: anybody's, those of some sites, or nobody's.

It decides where a reader may be shown the form and is no wall: whoever signs still presses a button on the own page,
which is never framed.
"""

import re
from dataclasses import dataclass

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal
from petition.base import db
from petition.campaigns import Campaign

ANYWHERE, LISTED, NOWHERE = "anywhere", "listed", "nowhere"
CHOICES = (ANYWHERE, LISTED, NOWHERE)
MOST_SITES = 50
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: What may stand in a list of a content security policy: scheme, host with at most one leading `*.`, port.
_SITE = re.compile(rf"https?://(?:\*\.(?={_LABEL}\.))?{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?", re.ASCII)


class Framing(db.Base):
    """A campaign's choice; where there is no row, its form may stand on any site. The list is kept while it is not
    asked."""

    __tablename__ = "framing"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True, autoincrement=False)
    allowed: Mapped[str] = mapped_column(String(10))
    sites: Mapped[list[str]] = mapped_column(JSON)


class SiteRefused(ValueError):
    """What was typed names no site: more or less than scheme, host and port."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Where a campaign's form may stand, and the sites of its list."""

    allowed: str = ANYWHERE
    sites: tuple[str, ...] = ()

    @property
    def ancestors(self) -> str:
        """The value of the directive `frame-ancestors`; this site's own pages show what they offer to others."""
        if self.allowed == LISTED:
            return " ".join(("'self'", *self.sites))
        return "*" if self.allowed == ANYWHERE else "'none'"


def of(campaign_id: int) -> Allowed:
    """Where a campaign's form may stand."""
    found = db.session.get(Framing, campaign_id)
    return Allowed(found.allowed, tuple(found.sites)) if found else Allowed()


def allow(campaign: Campaign, wanted: Allowed, actor: str) -> bool:
    """Say where it may stand; whether that is a change. The caller holds the campaign's row and commits."""
    if of(campaign.id) == wanted:
        return False
    row = db.session.get(Framing, campaign.id)
    if row is None:
        db.session.add(Framing(campaign_id=campaign.id, allowed=wanted.allowed, sites=list(wanted.sites)))
    else:
        row.allowed, row.sites = wanted.allowed, list(wanted.sites)
    journal.write(actor, f"frames allowed: {wanted.allowed}", campaign_id=campaign.id, count=len(wanted.sites))
    return True


def site(typed: str) -> str:
    """A site as a content security policy names it; `https://` where no scheme was typed. Raises SiteRefused."""
    said = typed.strip()
    scheme, mark, rest = said.rpartition("://")
    rest = rest.removesuffix("/").lower()
    wild = "*." if rest.startswith("*.") else ""
    host, _, port = rest.removeprefix(wild).partition(":")
    try:
        # Other scripts as the wire writes them; an ASCII name goes through unchanged.
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise SiteRefused(typed) from None
    found = f"{scheme.lower() if mark else 'https'}://{wild}{host}{':' + port if port else ''}"
    if not _SITE.fullmatch(found) or (port and not 0 < int(port) < 65536) or rest.endswith(":"):
        raise SiteRefused(typed)
    return found
