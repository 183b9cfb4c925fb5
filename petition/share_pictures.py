"""The picture that a messenger shows beside a campaign's link: title, number and colour, made by the worker.

This module decides what a picture shows and when one is due; `drawing` draws it. The web reads what lies here.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import ForeignKey, LargeBinary, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from petition import campaigns, register
from petition.base import db, i18n, settings
from petition.base.i18n import gettext as _
from petition.base.i18n import ngettext
from petition.campaigns import Phase, Reading

WIDTH, HEIGHT = 1200, 630
#: A picture is made anew at most so often; also how long a worker that took one on may take, or is given up for dead.
MOST_OFTEN = timedelta(minutes=10)
#: So many are looked up at once.
BATCH = 20
_FIGURE = "\0"


class SharePicture(db.Base):
    """A campaign's picture in one language, 1200 by 630 pixels. `facts` is the hash of what it shows, and "" with an
    empty `png` until the first one is made; `made_at` is when a worker last took it on."""

    __tablename__ = "share_picture"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    facts: Mapped[str] = mapped_column(String(64))
    png: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a picture shows. The sentence about the number stands around its figure, which is set large,
    in a language of the interface; figure and what follows are "" while nobody has signed."""

    title: str
    language: str
    before: str
    figure: str
    after: str
    spoken: str
    site_name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Due:
    """A picture to be made. `made_at` is when it was last taken on, None if never."""

    campaign_id: int
    language: str
    facts: Facts
    fingerprint: str
    made_at: datetime | None


def rounded(total: int) -> int:
    """A total with its first two figures, the rest nought: a picture stays true while more people sign."""
    step = int(10 ** max(len(str(total)) - 2, 0))
    return total // step * step


def facts(reading: Reading, language: str, total: int) -> Facts:
    """What the picture of a campaign in one of its languages shows."""
    shown = rounded(total)
    with i18n.speaking(language, reading.words.get(language)):
        if not total:
            sentence = _("Read the appeal")
        elif shown < total:
            sentence = _("More than %(figure)s people have signed", figure=_FIGURE)
        else:
            sentence = ngettext("%(figure)s person has signed", "%(figure)s people have signed", total, figure=_FIGURE)
        before, figure, after = sentence.partition(_FIGURE)
        return Facts(
            reading.wordings[language].title, language, before.strip(), i18n.number(shown) if figure else "",
            after.strip(), i18n.spoken(), settings.current().site_name, reading.colour,
        )  # fmt: skip


def due(at: datetime, drawing: str) -> list[Due]:
    """The pictures that show something else than they should, and that may be made now: those of open campaigns
    first, then those never made. `drawing` names how pictures are drawn; when it changes, so do all."""
    known = {
        (row.campaign_id, row.language): row
        for row in db.session.execute(
            select(SharePicture.campaign_id, SharePicture.language, SharePicture.facts, SharePicture.made_at)
        )
    }
    found = []
    for reading, one in _all(at, drawing):
        row = known.get((one.campaign_id, one.language))
        if row is None or (row.facts != one.fingerprint and row.made_at <= at - MOST_OFTEN):
            closed = campaigns.phase(reading, at) is not Phase.OPEN
            found.append((closed, row is not None, row.made_at if row else at, one, row))
    found.sort(key=lambda entry: entry[:3])
    return [
        Due(one.campaign_id, one.language, one.facts, one.fingerprint, row.made_at if row else None)
        for *_order, one, row in found[:BATCH]
    ]


def _all(at: datetime, drawing: str) -> Iterator[tuple[Reading, Due]]:
    """Every picture there should be, of campaigns that the public may see."""
    readings = campaigns.all_public(at)
    totals = register.totals(reading.id for reading in readings)
    for reading in readings:
        for language in reading.wordings:
            shown = facts(reading, language, totals[reading.id])
            fingerprint = hashlib.sha256(orjson.dumps([drawing, *astuple(shown)])).hexdigest()
            yield reading, Due(reading.id, language, shown, fingerprint, None)


def take_on(one: Due, at: datetime) -> bool:
    """Take a picture on at a moment, in the caller's transaction; False where another worker has. What is taken on
    and never finished is due again ten minutes later."""
    row = {"campaign_id": one.campaign_id, "language": one.language, "facts": "", "png": b"", "made_at": at}
    statement = db.insert(SharePicture.__table__).values(row)
    statement = statement.on_conflict_do_update(
        index_elements=["campaign_id", "language"],
        set_={"made_at": at},
        where=SharePicture.made_at == one.made_at,
    ).returning(SharePicture.__table__.c.language)
    return db.session.execute(statement).first() is not None


def keep(one: Due, png: bytes, at: datetime) -> bool:
    """Store a picture that was taken on at this moment; False where it was given up for dead meanwhile."""
    mine = update(SharePicture).where(
        SharePicture.campaign_id == one.campaign_id, SharePicture.language == one.language, SharePicture.made_at == at
    )
    return db.count(mine.values(facts=one.fingerprint, png=png)) == 1


def version(campaign_id: int, language: str) -> str:
    """What tells a campaign's picture from those before it; "" where there is none. Only for campaigns that the
    public may see."""
    query = select(SharePicture.facts).where(SharePicture.campaign_id == campaign_id, SharePicture.language == language)
    return (db.session.scalar(query) or "")[:8]


def png(campaign_id: int, language: str) -> bytes | None:
    """A campaign's picture, as a PNG; None where there is none. Only for campaigns that the public may see."""
    query = select(SharePicture.png).where(SharePicture.campaign_id == campaign_id, SharePicture.language == language)
    return db.session.scalar(query) or None
