"""The register: whether rows, moves and tallies agree, the tallies made anew, the public divisions published."""

import click

from petition import breakdowns, checks, journal
from petition import register as moves
from petition.base import db
from petition.campaigns import Reading
from petition.cli.ground import Wrong, actor, campaign_named, progress, with_app

_slug = click.option("--campaign", "slug", default=None, help="This campaign alone.")


@click.group()
def register() -> None:
    """Check and rebuild what the totals come from; publish how they divide.

    \b
    Example: petition register check
    """


@register.command()
@_slug
@with_app
def check(slug: str | None) -> None:
    """Compare the rows, the moves and the tallies of one moment. Ends with 1 where they differ.

    \b
    Example: petition register check --campaign keep-the-clinic
    """
    db.one_moment()
    readings = _chosen(slug)
    with progress("Campaigns", len(readings)) as advance:
        wrong = checks.register_differences(readings, advance)
    for line in wrong:
        click.echo(line)
    if wrong:
        raise Wrong(f"{len(wrong)} {'difference' if len(wrong) == 1 else 'differences'}.")
    click.echo(f"All agree, in {len(readings)} {'campaign' if len(readings) == 1 else 'campaigns'}.")


@register.command()
@_slug
@with_app
def rebuild(slug: str | None) -> None:
    """Make the tallies anew from the moves alone, which stay as they are.

    \b
    Example: petition register rebuild --campaign keep-the-clinic
    """
    readings = _chosen(slug)
    with progress("Campaigns", len(readings)) as advance:
        for reading in readings:
            moves.rebuild(reading.id)
            journal.write(actor(), "register rebuilt", campaign_id=reading.id)
            db.session.commit()
            advance(1)
    click.echo(f"Made anew in {len(readings)} {'campaign' if len(readings) == 1 else 'campaigns'}.")


@register.command()
@_slug
@with_app
def publish(slug: str | None) -> None:
    """Publish how totals divide by country, day, language, partner and source, where that is due.

    The worker does the same by itself: once a day at most, from the day after a campaign was published, and only
    when its total has moved by ten or more since the last time, so that nobody can be told apart.

    \b
    Example: petition register publish --campaign keep-the-clinic
    """
    at, chosen = db.now(), {reading.id: reading.slug for reading in _chosen(slug)}
    done = 0
    for campaign_id in breakdowns.due(at):
        if campaign_id in chosen and breakdowns.publish(campaign_id, at):
            journal.write(actor(), "breakdowns published", campaign_id=campaign_id)
            db.session.commit()
            click.echo(chosen[campaign_id])
            done += 1
    click.echo(f"Published of {done} {'campaign' if done == 1 else 'campaigns'}; of the others nothing is due.")


def _chosen(slug: str | None) -> list[Reading]:
    return [campaign_named(slug)] if slug else checks.every_campaign()
