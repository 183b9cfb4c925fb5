"""Bringing a database to the newest step, or back. The steps stand in `migrations/` and import nothing of ours."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from petition.base import db

_HERE = Path(__file__).resolve().parent
#: Beside the package in a checkout, inside it once installed from a wheel.
FOLDER = next(path for path in (_HERE / "_migrations", _HERE.parent / "migrations") if path.is_dir())


class StepRefused(ValueError):
    """A step that cannot be gone to; the text is one sentence."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def _steps() -> list[str]:
    """Every step this program knows, from the first: serial numbers of one length, which compare as text."""
    return sorted(one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions())


def migrate(target: str = "head") -> None:
    """Go up to a step ("head": the newest). One transaction for each step. A database that has more steps than this
    program knows is left alone. Raises StepRefused."""
    steps = _steps()
    target = _known(target, steps, "head", steps[-1])
    if reached() < target:
        _run(command.upgrade, target)


def go_back(target: str) -> None:
    """Go down to a step ("base": an empty database). Raises StepRefused."""
    steps = _steps()
    target = _known(target, steps, "base", "")
    there = reached()
    if there > steps[-1]:
        raise StepRefused(f"The database is at step {there}, which only a newer program can take back.")
    if target < there:
        _run(command.downgrade, target or "base")


def _known(target: str, steps: list[str], end: str, meant: str) -> str:
    # By their whole names alone: what the library takes besides ("-1", beginnings of a name) is too easily mistyped.
    if target != end and target not in steps:
        raise StepRefused(f"There is no step “{target}”: they are {steps[0]} to {steps[-1]}, and “{end}”.")
    return meant if target == end else target


def _run(step: Callable[[Config, str], None], target: str) -> None:
    config = _config()
    with db.database().engine.connect() as connection:
        config.attributes["connection"] = connection
        step(config, target)
        connection.commit()


def newest() -> str:
    """The newest step this program knows."""
    return _steps()[-1]


def reached() -> str:
    """The newest step the database has; "" where it has none."""
    with db.database().reader.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def is_at_head() -> bool:
    """Whether the database has every step this program knows. It may have more: the program of before runs on."""
    return reached() >= newest()
