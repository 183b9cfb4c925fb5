"""A long list made in the background, in a process of its own: `python -m bench.taking SLUG FORM [COUNTRY…]`.

Prints rows, seconds, and the most memory the process ever had, in megabytes. The file it made is deleted again.
"""

import sys
import time
from pathlib import Path

from sqlalchemy import select

from bench import seed
from petition import taking, teams
from petition.app import create_app
from petition.base import db, files, jobs
from petition.selection import Filter
from petition.taking import Asked, TakenList
from petition.worker import DOERS
from tests import organisers

COLUMNS = ("name", "country", "place", "role", "organisation", "day")


def main(slug: str, form: str, *countries: str) -> None:
    """Ask for the list and make it."""
    with create_app().app_context():
        reading = seed.campaigns.read(slug)
        assert reading is not None
        account, _secret = organisers.enrol("Bench")
        teams.grant(account, teams.OWNER, reading.id, "bench")
        while jobs.work(DOERS):
            # Whoever looked at the desk before may have left something to do.
            pass
        asked = Asked(Filter(countries=countries), COLUMNS, form)  # type: ignore[arg-type]
        job_id = taking.later(asked, reading, account, "bench", db.now())
        db.session.commit()
        db.session.remove()
        began = time.perf_counter()
        assert jobs.work(DOERS)
        seconds = time.perf_counter() - began
        job = db.session.get_one(jobs.Job, job_id)
        assert job.state == jobs.DONE, (job.state, job.trouble)
        row = db.session.scalars(select(TakenList).order_by(TakenList.made_at.desc()).limit(1)).one()
        print(row.manifest["rows"], f"{seconds:.2f}", f"{_peak():.0f}")
        files.end(row.file or "", db.now())
        while files.sweep(db.now())[0]:
            db.session.commit()


def _peak() -> float:
    """In megabytes. What getrusage says counts the process that started this one, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
