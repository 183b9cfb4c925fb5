"""The worker: what goes on beside the web. A module of its own, for it loads more than serving needs."""

import os
import signal

import click
from flask import current_app

from petition import campaigns
from petition.base import db, logs, settings
from petition.cli.ground import with_app
from petition.worker import Worker

#: How much less urgent than a web server on the same machine (see nice(2)): letters can wait a moment, readers cannot.
LESS_URGENT = 5


@click.command()
@with_app
def worker() -> None:
    """Deliver letters, number moves, publish figures, draw pictures, keep retention, until Ctrl-C.

    \b
    Example: petition worker
    """
    os.nice(LESS_URGENT)
    logs.begin(settings.current().log_format)
    campaigns.try_keys()
    db.session.rollback()
    working = Worker(current_app._get_current_object())  # type: ignore[attr-defined]  # a proxy at run time
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: working.stop())
    working.run()
