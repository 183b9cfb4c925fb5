"""Letters: one sent to try the way, all of them to read, those that wait."""

import re
import secrets
from pathlib import Path

import click
from sqlalchemy import func, select

from petition import journal
from petition.base import db, i18n, mailbox, maildir, outbox, settings, smtp, urls
from petition.base.outbox import Message
from petition.base.smtp import Trouble
from petition.cli.ground import Refused, Wrong, actor, with_app
from petition.letters import preview as made_up
from petition.web import kept
from petition.worker import transport

_language = click.option("--language", default=None, help="In this language of the interface.")

#: What a trouble's short name means, by its first match.
_MEANINGS = {
    r"gaierror": "its name is not known to DNS",
    r"ConnectionRefusedError": "nothing listens on that port",
    r"TimeoutError|timeout": "it does not answer in time; a firewall may stand between",
    r"SSLCertVerificationError": "its certificate is not to be trusted; SMTP_CA_FILE names a further authority",
    r"SSL": "TLS fails; smtp:// is for STARTTLS, smtps:// for TLS from the first byte",
    r"SMTPNotSupportedError": "it offers no STARTTLS or no log-in",
    r"530|534|535|538|SMTPAuthenticationError": "it refuses the user or the password",
    r"SMTPServerDisconnected": "it hangs up",
    r"4": "it wants us to come back later",
    r"5": "it refuses us for good",
}


@click.group()
def letter() -> None:
    """Try, read and count the letters of this site.

    \b
    Example: petition letter test you@example.org
    """


@letter.command()
@click.argument("address")
@_language
@with_app
def test(address: str, language: str | None) -> None:
    """Send a letter now, past the outbox, and tell step by step what happens. Ends with 1 where it fails.

    \b
    Example: petition letter test you@example.org
    """
    box = mailbox.parse(address)
    message = made_up.trial(box.address, _spoken(language)[0])
    read = settings.current()
    if read.smtp_url is None:
        click.echo(f"No mail server is set: letters are kept in {read.letters_dir}.")
    else:
        way = {"smtp": "STARTTLS", "smtps": "TLS", "smtp+plain": "no encryption"}[read.smtp_url.scheme]
        click.echo(f"Mail server {read.smtp_url.host}, port {read.smtp_url.port}, {way}; from {read.mail_from}.")
    _send(transport(), message)
    page = kept.address()
    click.echo(f"Read it at {urls.absolute(page)}" if page else "Look for it in the mailbox, and among the spam.")


def _send(way: smtp.Smtp | maildir.Maildir, message: Message) -> None:
    message_id = f"<{secrets.token_urlsafe(18)}@{urls.host()}>"
    try:
        finish = way.offer(message, message_id)
        if isinstance(way, smtp.Smtp):
            click.echo("1. It lets us in and takes our sender and this recipient.")
        finish()
        if isinstance(way, smtp.Smtp):
            click.echo(f"2. It has the letter, {message_id}")
    except Trouble as trouble:
        raise Wrong(told(trouble)) from None
    finally:
        way.close()


def told(trouble: Trouble) -> str:
    """What a trouble with the mail server means, in a sentence."""
    meaning = next((meaning for sign, meaning in _MEANINGS.items() if re.match(sign, trouble.what)), "")
    what = f"{meaning} ({trouble.what})" if meaning else trouble.what
    happened = {
        "relay": "The mail server does not work for us",
        "later": "The mail server does not take this letter now; from the outbox it would be tried again",
        "slow": "The mail server wants fewer letters to this provider; from the outbox they would go slower",
        "refused": "The mail server refuses this letter for good",
        "unanswered": "The letter went out whole, and no answer came: nobody knows whether it arrives",
    }
    return f"{happened[trouble.kind]}: {what}."


@letter.command()
@click.argument("kind", required=False, type=click.Choice(made_up.KINDS))
@_language
@click.option("--html", is_flag=True, help="Show the HTML instead of the text.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write text and HTML files here.")
@with_app
def preview(kind: str | None, language: str | None, html: bool, out: Path | None) -> None:
    """Show every letter, or one kind, in every language, with made-up contents.

    \b
    Example: petition letter preview confirm --language es
    """
    for spoken in _spoken(language):
        for name, message in made_up.previews(spoken).items():
            if kind in (None, name):
                _show(f"{name}.{spoken}", message, html, out)


def _show(name: str, message: Message, html: bool, out: Path | None) -> None:
    if out is None:
        click.echo(f"=== {name}\nSubject: {message.subject}\n\n{message.html if html else message.text}\n")
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.txt").write_text(f"Subject: {message.subject}\n\n{message.text}", "utf-8")
    (out / f"{name}.html").write_text(message.html, "utf-8")
    click.echo(out / f"{name}.html")


def _spoken(language: str | None) -> tuple[str, ...]:
    if language is None:
        return i18n.languages()
    if language not in i18n.languages():
        raise Refused(f"The interface does not speak “{language}”, only {', '.join(i18n.languages())}.")
    return (language,)


@letter.command("list")
@with_app
def list_() -> None:
    """Count the letters by kind, state and trouble.

    \b
    Example: petition letter list
    """
    db.reading()
    kept_apart = (outbox.Letter.state, outbox.Letter.kind, outbox.Letter.trouble)
    query = select(*kept_apart, func.count()).group_by(*kept_apart).order_by(*kept_apart)
    rows = db.session.execute(query).all()
    for state, kind, trouble, count in rows:
        click.echo(f"{count:>9}  {state:<9}  {kind:<10}  {trouble or ''}".rstrip())
    if not rows:
        click.echo("There are no letters.")
    elif any(row.state == "parked" for row in rows):
        click.echo("Parked ones failed by a mistake of ours; once it is mended: petition letter retry")


@letter.command()
@with_app
def retry() -> None:
    """Let parked letters be tried again.

    \b
    Example: petition letter retry
    """
    count = outbox.unpark()
    if count:
        journal.write(actor(), "letters retried", count=count)
        db.session.commit()
    click.echo(f"{count} {'letter' if count == 1 else 'letters'} will be tried again.")
