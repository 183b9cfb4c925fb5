"""The console script `petition`: one module per noun, loaded when one of its commands is used.

Exit codes: 0 fine; 1 checked and found wrong; 2 a mistake of whoever typed it, said in one sentence; 70 a mistake of
ours; 75 not now (the database is away, or a disk is full), try again.
"""

import os
from importlib import import_module

import click

#: Command → (module, what `petition --help` says of it). Loading them all would cost half a second each time.
NOUNS = {
    "run": ("site", "Serve the site, with a worker beside it, until Ctrl-C."),
    "worker": (
        "worker",
        "Deliver letters, number moves, publish figures, draw pictures, keep retention, until Ctrl-C.",
    ),
    "migrate": ("site", "Bring the database up to date."),
    "demo": ("demo", "Load the demo: made-up campaigns, articles and people."),
    "campaign": ("campaign", "Make, edit, publish, pause and end campaigns."),
    "topic": ("topic", "Bring in what articles and events are filed under, and rename it."),
    "article": ("article", "Bring articles in from folders, and rename them."),
    "event": ("event", "Bring events in from folders, rename and cancel them."),
    "account": ("account", "Invite, list and remove organisers; help who has lost a phone."),
    "signature": ("signature", "Find a signature; hold, release, remove or restore it; name the first ones."),
    "register": ("register", "Check and rebuild what the totals come from; publish how they divide."),
    "export": ("export", "Write out signatures, totals and contacts."),
    "letter": ("letter", "Try, read and count the letters of this site."),
    "keys": ("keys", "Make, list and replace the keys that everything is sealed with."),
    "doctor": ("doctor", "Say what is wrong with this site, and what to do about it."),
    "backed-up": ("doctor", "Note that a backup was made, so that a missing one is noticed."),
    "backup": ("backup", "Write data and keys, each to a file of its own, while the site runs."),
    "restore": ("backup", "Put data and keys back, on a stopped site, and do again what was erased since."),
    "upgrade": ("upgrade", "Back up, bring the database up to date, check, and go back if something is wrong."),
    "setup": ("setup", "Make a fresh Debian server into a site: a handful of questions."),
    "purge": ("site", "Forget now what is due to be forgotten; the worker does it every hour."),
}


class Nouns(click.Group):
    """A group that loads a command's module when the command is asked for, and answers every error in a sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in NOUNS:
            return None
        try:
            module = import_module(f"petition.cli.{NOUNS[cmd_name][0]}")
        except ModuleNotFoundError as error:
            if not error.name or error.name.partition(".")[0] == "petition":
                raise
            raise click.ClickException(f"This command needs the package “{error.name}”, which is missing.") from None
        commands = [found for found in vars(module).values() if isinstance(found, click.Command)]
        return next(found for found in commands if found.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, meaning) for name, (_module, meaning) in NOUNS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run; what goes wrong ends in one sentence, never in a traceback unless `--debug` asks for it."""
        # Databases, keys, letters and lists: what is written here is for this user alone.
        os.umask(0o077)
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params["debug"]:
                raise
            raise import_module("petition.cli.ground").told(error) from None


@click.group(cls=Nouns)
@click.option("--debug", is_flag=True, help="Show where an unexpected error came from.")
@click.version_option(package_name="petition", message="%(prog)s %(version)s")
def main(debug: bool) -> None:
    """Collect signatures for an appeal.

    Settings come from the environment (docs/settings.md). Every command has a --help of its own.

    \b
    Example: petition campaign new appeals/keep-the-clinic
    """
