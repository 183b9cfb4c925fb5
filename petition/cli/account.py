"""Accounts of the desk: the first one is invited here, the others at the desk by letter."""

import click

from petition import accounts, partner_people, teams
from petition.accounts import Account
from petition.base import db, i18n, mailbox, urls
from petition.cli.ground import Refused, actor, reason, with_app
from petition.letters import organisers as letters
from petition.letters import ready
from petition.teams import LastOwner

_address = click.argument("address")
_reason = reason(required=False)


@click.group()
def account() -> None:
    """Invite, list and remove organisers; help who has lost a phone.

    \b
    Example: petition account invite ana@example.org --admin
    """


@account.command()
@_address
@click.option("--admin", is_flag=True, help="As an administrator of the site, instead of one who may start campaigns.")
@click.option("--name", default="", help="The person's name; they can change it.")
@click.option("--language", default=None, help="Language of the desk and its letters; the site's first one by default.")
@with_app
def invite(address: str, admin: bool, name: str, language: str | None) -> None:
    """Make an account and print the address at which its person chooses a password. No letter is sent.

    For who is invited already a new address is printed; the old one is dead.

    \b
    Example: petition account invite ana@example.org --admin
    """
    spoken = language or i18n.languages()[0]
    if spoken not in i18n.languages():
        raise Refused(f"The interface does not speak “{spoken}”; it speaks {', '.join(i18n.languages())}.")
    box = mailbox.parse(address)
    made = accounts.by_address(box.address)
    if made is not None and made.joined_at is not None:
        raise Refused("There is an account with this address already.")
    if made is None:
        made = accounts.invite(box, actor(), language=spoken, name=name[:120])
    else:
        accounts.invite_again(made, actor())
    teams.grant(made, teams.ADMINISTRATOR if admin else teams.ORGANISER, None, actor())
    db.session.commit()
    click.echo("Open this address within seven days, and have a phone with an authenticator app at hand:")
    click.echo(f"  {accounts.invitation_address(made)}")


@account.command("list")
@with_app
def list_() -> None:
    """List the accounts: address, role on the site, in how many campaigns, and how far they have come.

    \b
    Example: petition account list
    """
    db.reading()
    found = accounts.everybody()
    for one in found:
        held = teams.held(one.id)
        state = "invited" if one.joined_at is None else "active" if one.factor else "no second factor yet"
        click.echo(f"{one.address}  {held.site or '-'}  {len(held.campaigns)} campaigns  {state}")
    if not found:
        click.echo("There is no account; `petition account invite ADDRESS --admin` makes the first one.")


@account.command("reset-factor")
@_address
@_reason
@with_app
def reset_factor(address: str, reason: str) -> None:
    """Forget somebody's authenticator app and recovery codes and end their sessions; they hear of it by letter.

    \b
    Example: petition account reset-factor ana@example.org --reason "lost phone and codes, asked in person"
    """
    found = _named(address)
    accounts.reset_factor(found, actor(), reason)
    ready.post(letters.factor_reset(found.address, found.language))
    db.session.commit()
    click.echo(f"At the next sign-in at {urls.absolute('/desk/')} a new app is set up.")


@account.command()
@_address
@_reason
@with_app
def remove(address: str, reason: str) -> None:
    """Delete an account with its roles and sessions. What it did stays in the journal.

    \b
    Example: petition account remove ana@example.org --reason "left"
    """
    found = _named(address)
    try:
        partner_people.leave_all(found, actor(), reason)
    except LastOwner as last:
        raise Refused(f"This is the last {last} who can sign in; put somebody else in charge first.") from None
    accounts.remove(found, actor(), reason)
    db.session.commit()
    click.echo("Removed.")


def _named(address: str) -> Account:
    found = accounts.by_address(address.strip())
    if found is None:
        raise Refused("There is no account with this address; `petition account list` names them all.")
    return found
