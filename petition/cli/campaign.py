"""Campaigns: made and edited from folders, published, paused, ended."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select

from petition import campaigns, drafts, endorsement_decisions, folders, phrases, pictures, register, running
from petition.base import db, i18n
from petition.campaigns import Campaign, Reading
from petition.cli.ground import Refused, actor, campaign_named, reason, row_named, with_app
from petition.drafts import NotReady
from petition.folders import appeals
from petition.pieces import SlugRefused

_folder = click.argument("folder", type=click.Path(path_type=Path))
_slug = click.argument("slug")
_reason = reason(required=False)


@click.group(
    epilog="A folder's name is the address of its campaign. What its files say in their front matter, each in its"
    f" language: {', '.join(appeals.OWN)}; once, in the file of the first language:"
    f" {', '.join(appeals.SHARED)}. Below it stands the text in Markdown."
)
def campaign() -> None:
    """Make, edit, publish, pause and end campaigns.

    \b
    Example: petition campaign new appeals/keep-the-clinic
    """


@campaign.command()
@_folder
@with_app
def new(folder: Path) -> None:
    """Make a campaign from a folder: one Markdown file per language. It stays a draft until it is published.

    \b
    Example: petition campaign new appeals/keep-the-clinic
    """
    draft = folders.campaign(folder, db.now())
    if campaigns.read(draft.slug) is not None:
        raise Refused(f"There is a campaign “{draft.slug}” already; `petition campaign edit` brings it up to a folder.")
    drafts.save(draft, actor())
    db.session.commit()
    click.echo(f"Made “{draft.slug}” in {', '.join(sorted(draft.texts))}. It is a draft: nobody sees it yet.")
    _tell_missing_words(campaign_named(draft.slug))
    click.echo(f"Publish it with: petition campaign publish {draft.slug}")


@campaign.command()
@_folder
@with_app
def edit(folder: Path) -> None:
    """Bring a campaign up to its folder. Once published, a changed text is a new version.

    \b
    Example: petition campaign edit appeals/keep-the-clinic
    """
    draft = folders.campaign(folder, db.now())
    before = campaign_named(draft.slug)
    if before.slug != draft.slug:
        raise Refused(f"The campaign “{draft.slug}” is called “{before.slug}” now; rename the folder.")
    if before.forgotten_at is not None:
        raise Refused(f"The people of “{draft.slug}” are forgotten; it can no longer be edited.")
    old = _facts(before)
    _refuse_unready(drafts.save(draft, actor()))
    changed = [name for name, fact in _facts(campaign_named(draft.slug)).items() if old.get(name) != fact]
    if not changed:
        db.session.rollback()
        click.echo(f"“{draft.slug}” is as its folder says; nothing changed.")
        return
    db.session.commit()
    click.echo(f"Changed in “{draft.slug}”: {', '.join(changed)}.")
    _tell_missing_words(campaign_named(draft.slug))


def _refuse_unready(row: Campaign) -> None:
    """What is published goes on saying all that S48 asks for."""
    if row.published_at is None:
        return
    try:
        drafts.check(row)
    except NotReady as error:
        raise Refused(f"“{row.slug}” is public and cannot be left so: {error}.") from None


def _facts(reading: Reading) -> dict[str, object]:
    """What an edit can change, by name. Copies: saving changes rows in place."""
    names = ("first_language", "colour", "goals", "time_zone", "opens_at", "closes_at", "asks", "fields", "outcome")
    facts: dict[str, object] = {name.removesuffix("_at").replace("_", " "): getattr(reading, name) for name in names}
    found = pictures.of_campaign(reading.id)
    facts["picture"] = (found[0].name, found[1]) if found else None
    facts["terms"] = reading.consent.facts() if reading.consent else None
    for language, wording in reading.wordings.items():
        facts[f"text in {language}"] = (wording.title, wording.addressee, wording.standfirst, wording.source)
    for language, said in phrases.kept(reading.id).items():
        facts[f"words in {language}"] = said
    return facts


def _tell_missing_words(reading: Reading) -> None:
    """Say in which languages the form and the letters speak another one than the text."""
    kept = phrases.kept(reading.id)
    for language in sorted(set(reading.wordings) - set(i18n.languages())):
        lacking = phrases.missing(language, kept.get(language, {}))
        if lacking:
            click.echo(
                f"Form and letters around its text in {language} speak {i18n.interface(language)}: {len(lacking)} of"
                f" {len(phrases.sentences())} sentences have no words in {language}. To translate them:"
                f" petition campaign phrases {reading.slug} {language} > {language}.po"
            )


@campaign.command("phrases")
@_slug
@click.argument("language")
@with_app
def phrases_(slug: str, language: str) -> None:
    """Write the sentences that a signer meets, with a campaign's words for them so far, as a gettext file (.po).

    For a text in a language that the interface does not speak. Translated, the file goes into the campaign's folder
    as LANGUAGE.po; `petition campaign edit` brings it in. It is used once no sentence is missing.

    \b
    Example: petition campaign phrases keep-the-clinic ar > appeals/keep-the-clinic/ar.po
    """
    reading = campaign_named(slug)
    if language in i18n.languages():
        raise Refused(f"The interface speaks {language} itself.")
    if language not in reading.wordings:
        raise Refused(f"“{reading.slug}” has no text in {language}, only in {', '.join(sorted(reading.wordings))}.")
    said = phrases.kept(reading.id).get(language, {})
    click.echo(phrases.as_po(language, said).decode(), nl=False)
    lacking = len(phrases.missing(language, said))
    click.echo(f"{lacking} of {len(phrases.sentences())} sentences have no words yet.", err=True)


@campaign.command()
@_slug
@with_app
def publish(slug: str) -> None:
    """Put a campaign before the public.

    \b
    Example: petition campaign publish keep-the-clinic
    """
    row = row_named(slug)
    if row.published_at is not None:
        raise Refused(f"“{row.slug}” is published already.")
    try:
        drafts.publish(row, actor())
    except NotReady as error:
        raise Refused(f"“{row.slug}” cannot be published yet: {error}.") from None
    db.session.commit()
    click.echo(f"“{row.slug}” is public.")


@campaign.command()
@_slug
@click.argument("new_slug")
@with_app
def rename(slug: str, new_slug: str) -> None:
    """Give a campaign another address; the old one leads there and still takes signatures. Rename its folder, too.

    \b
    Example: petition campaign rename keep-the-clinic save-the-clinic
    """
    row = row_named(slug)
    old = row.slug
    try:
        running.rename(row, new_slug, actor())
    except SlugRefused as error:
        raise Refused(f"{error}.") from None
    db.session.commit()
    click.echo(f"“{old}” is called “{new_slug}” now.")


@campaign.command("endorsements")
@_slug
@with_app
def endorsements_(slug: str) -> None:
    """List the organisations that support a campaign, or ask to be shown: state, level, country, name.

    \b
    Example: petition campaign endorsements keep-the-clinic
    """
    found = endorsement_decisions.of_campaign(campaign_named(slug).id)
    for row in found:
        click.echo(f"{row.state:<10} {row.level:<14} {row.country or '–':<3} {row.organisation}")
    if not found:
        click.echo("No organisation has asked, and none was entered.")


@campaign.command()
@_slug
@_reason
@with_app
def pause(slug: str, reason: str) -> None:
    """Stop signing and confirming for a while; no clock runs meanwhile.

    \b
    Example: petition campaign pause keep-the-clinic --reason "flood of forms"
    """
    _do(slug, lambda row: running.pause(row, actor(), reason), "is paused", "is paused already")


@campaign.command()
@_slug
@_reason
@with_app
def resume(slug: str, reason: str) -> None:
    """End a pause.

    \b
    Example: petition campaign resume keep-the-clinic
    """
    _do(slug, lambda row: running.resume(row, actor(), reason), "goes on", "is not paused")


@campaign.command()
@_slug
@click.option("--at", "moment", default=None, help="When, local to the campaign's time zone: 2030-05-01T18:00.")
@_reason
@with_app
def close(slug: str, moment: str | None, reason: str) -> None:
    """Close a campaign now or at a moment; clicks on letters count for another 24 hours.

    \b
    Example: petition campaign close keep-the-clinic --at 2030-05-01T18:00
    """
    at = _moment(moment, row_named(slug).time_zone) if moment else db.now()

    def deed(row: Campaign) -> bool:
        if moment is None and row.closes_at is not None and row.closes_at <= at:
            return False
        running.close(row, actor(), at, reason)
        return True

    _do(slug, deed, f"closes at {at.strftime('%Y-%m-%d %H:%M:%S')} UTC", "is closed already")


@campaign.command()
@_slug
@_reason
@click.confirmation_option(prompt="Its page will be gone for good. Withdraw it?")
@with_app
def withdraw(slug: str, reason: str) -> None:
    """Take a campaign away from the public for good. Its signers' own pages go on.

    \b
    Example: petition campaign withdraw keep-the-clinic --reason "won" --yes
    """

    def deed(row: Campaign) -> bool:
        if row.withdrawn_at is not None:
            return False
        running.withdraw(row, actor(), reason)
        return True

    _do(slug, deed, "is withdrawn", "is withdrawn already")


def _do(slug: str, deed: Callable[[Campaign], bool], done: str, undone: str) -> None:
    row = row_named(slug)
    if not deed(row):
        raise Refused(f"“{row.slug}” {undone}.")
    db.session.commit()
    click.echo(f"“{row.slug}” {done}.")


def _moment(written: str, zone: str) -> datetime:
    try:
        at = folders.local_moment(written, ZoneInfo(zone))
    except ValueError as error:
        raise Refused(f"--at {error}.") from None
    if at < db.now():
        raise Refused("--at must lie ahead: what was signed until now counts.")
    return at


@campaign.command("list")
@with_app
def list_() -> None:
    """List all campaigns: where each stands, its total, its days.

    \b
    Example: petition campaign list
    """
    db.reading()
    slugs = db.session.scalars(select(Campaign.slug).order_by(Campaign.created_at, Campaign.id)).all()
    readings = [campaign_named(slug) for slug in slugs]
    totals = register.totals(reading.id for reading in readings)
    for reading in readings:
        click.echo(
            f"{totals[reading.id]:>9}  {campaigns.phase(reading, db.now()).value:<9}  "
            f"{_day(reading.opens_at)} – {_day(reading.closes_at)}  {reading.slug}"
        )


def _day(at: datetime | None) -> str:
    return at.astimezone(UTC).date().isoformat() if at else "…".ljust(10)
