"""The demo: made-up campaigns, articles and people."""

import click

from petition.base import db
from petition.cli.ground import Refused, actor, progress, with_app
from petition.demo import CROWDS, NotEmpty, campaign_folders, load


@click.command()
@with_app
def demo() -> None:
    """Load the demo: made-up campaigns, articles and people.

    Only where there are no campaigns yet; where the demo is loaded already, nothing happens.

    \b
    Example: petition demo
    """
    with progress("Made-up people", sum(crowd.count for crowd in CROWDS.values())) as advance:
        try:
            people = load(actor(), db.now(), advance)
        except NotEmpty as error:
            raise Refused(f"This site has campaigns of its own ({error}); the demo is not mixed with them.") from None
    db.session.commit()
    if people == 0:
        click.echo("The demo is loaded already; nothing changed.")
    else:
        click.echo(f"Loaded {len(campaign_folders())} campaigns and {people:,} made-up people.")
