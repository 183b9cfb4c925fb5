"""Bringing a database to the newest step, or back. The steps stand in `migrations/` and import nothing of ours."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config

from petition.base import db
from petition.migrated import FOLDER, reached, steps


class StepRefused(ValueError):
    """A step that cannot be gone to; the text is one sentence."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def migrate(target: str = "head") -> None:
    """Go up to a step ("head": the newest). One transaction for each step. A database that has more steps than this
    program knows is left alone. Raises StepRefused."""
    known = steps()
    target = _known(target, known, "head", known[-1])
    if reached() < target:
        _run(command.upgrade, target)


def go_back(target: str) -> None:
    """Go down to a step ("base": an empty database). Raises StepRefused."""
    known = steps()
    target = _known(target, known, "base", "")
    there = reached()
    if there > known[-1]:
        raise StepRefused(f"The database is at step {there}, which only a newer program can take back.")
    if target < there:
        _run(command.downgrade, target or "base")


def _known(target: str, known: list[str], end: str, meant: str) -> str:
    # By their whole names alone: what the library takes besides ("-1", beginnings of a name) is too easily mistyped.
    if target != end and target not in known:
        raise StepRefused(f"There is no step “{target}”: they are {known[0]} to {known[-1]}, and “{end}”.")
    return meant if target == end else target


def _run(step: Callable[[Config, str], None], target: str) -> None:
    config = _config()
    with db.database().engine.connect() as connection:
        config.attributes["connection"] = connection
        step(config, target)
        connection.commit()
