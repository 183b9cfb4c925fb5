"""How speed changes as a campaign grows: the same measures at three sizes, each in a database of its own; the slope.

The slope is the exponent: seconds grow as size to that power. 0: it does not grow; 1: it grows as the campaign does.
"""

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select, text

from bench import ground, letters, seed
from bench.ground import Ground
from petition import campaigns, migrating
from petition.app import create_app
from petition.base import db, outbox
from petition.web.context import form_token

SIZES = (1_000, 100_000)
SLUG = "grown"
ROUNDS = 3
SECONDS = 3
PRESSES = 6_000
PAGES = {
    "campaign page": f"/en/campaigns/{SLUG}", "embed": f"/embed/en/campaigns/{SLUG}",
    "badge": f"/embed/en/campaigns/{SLUG}/badge.svg", "totals": f"/api/v1/campaigns/{SLUG}/totals",
}  # fmt: skip


@dataclass
class Site:
    """A database with one campaign of a size, and what was measured there: seconds for one of each thing."""

    size: int
    url: str
    bytes_each: float
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def found(self, what: str, rate: float) -> None:
        """So many a second."""
        self.seconds.setdefault(what, []).append(1 / rate)


def measure(place: Ground) -> None:
    """Print the table."""
    sites = [_made(place, size) for size in (*SIZES, place.size)]
    for number in range(ROUNDS):
        for site in sites:
            _measure(place, site, number)
    for site in sites:
        place.use(site.url, SOFT_LIMIT="1000000")
        _letters(place, site)
        _export(place, site)
    print("\n".join(table(sites)), flush=True)


def table(sites: list[Site]) -> Iterator[str]:
    """A line for each thing: milliseconds for one at each size (the whole list: seconds), and the slope."""
    yield f"    {'milliseconds each':<26}" + "".join(f"{site.size:>12,}" for site in sites) + f"{'slope':>8}"
    for what in sites[0].seconds:
        taken = [ground.middle(site.seconds[what]) for site in sites]
        slope = math.log(taken[-1] / taken[0]) / math.log(sites[-1].size / sites[0].size)
        yield f"    {what:<26}" + "".join(f"{1000 * one:>12,.3f}" for one in taken) + f"{slope:>8.2f}"
    disk = [site.bytes_each for site in sites]
    yield f"    {'bytes on disk, each':<26}" + "".join(f"{one:>12,.0f}" for one in disk)


def _made(place: Ground, size: int) -> Site:
    place.use(place.database(f"growth{size}"), SOFT_LIMIT="1000000")
    with create_app().app_context():
        migrating.migrate()
        before = _bytes()
        seed.campaign(SLUG, size)
        found = Site(size, place.environ["DATABASE_URL"], (_bytes() - before) / size)
        db.session.remove()
        db.database().dispose()
    return found


def _bytes() -> int:
    return int(db.session.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def _measure(place: Ground, site: Site, number: int) -> None:
    place.use(site.url, SOFT_LIMIT="1000000")
    presses = place.folder / "presses"
    with create_app().app_context():
        reading = campaigns.read(SLUG)
        assert reading is not None
        token = form_token(reading, "en")
        presses.write_text("\n".join(seed.presses(reading, PRESSES)) + "\n")
        db.session.remove()
        db.database().dispose()
    with ground.serving(place) as at:
        ground.wrk(at + PAGES["campaign page"], 1, script="sign.lua", TOKEN=token)
        loads = {"signing": ground.wrk(at + PAGES["campaign page"], SECONDS, script="sign.lua", TOKEN=token),
                 "confirming": ground.wrk(at, SECONDS, script="confirm.lua", PRESSES=str(presses))}  # fmt: skip
        assert loads["confirming"].rate * SECONDS < PRESSES, "the presses ran out"
        loads |= {name: ground.wrk(at + path, 2) for name, path in PAGES.items()}
    for name, load in loads.items():
        assert load.errors == 0 < load.rate, f"{load}: {name} at {site.size}, round {number}"
        site.found(name, load.rate)


def _letters(place: Ground, site: Site) -> None:
    """One worker, with what all that signed here are to get."""
    with letters.sink("aiosmtpd") as port:
        mail = {
            "SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
            "MAIL_FROM": letters.SENDER,
            "BASE_URL": "http://localhost",
        }
        with create_app(environ=os.environ | mail).app_context():
            before = _sent()
            seconds, _ = letters.workers(1, place.environ | mail)
            site.found("letters", (_sent() - before) / seconds)
            db.session.remove()
            db.database().dispose()


def _sent() -> int:
    count = db.session.scalar(select(func.count()).where(outbox.Letter.state == "sent"))
    db.session.rollback()
    return count or 0


def _export(place: Ground, site: Site) -> None:
    began = time.perf_counter()
    command = [sys.executable, "-m", "petition", "export", "signatures", SLUG, str(place.folder / f"{site.size}.csv"),
               "--reason", "bench"]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | place.environ)
    site.found("the whole list as CSV", 1 / (time.perf_counter() - began))
