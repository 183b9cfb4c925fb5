"""Bringing a database to the newest step, or back. The steps stand in `migrations/` and import nothing of ours."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from petition.base import db

_HERE = Path(__file__).resolve().parent
#: Beside the package in a checkout, inside it once installed from a wheel.
FOLDER = next(path for path in (_HERE / "_migrations", _HERE.parent / "migrations") if path.is_dir())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def migrate(target: str = "head") -> None:
    """Go up to a step ("head": the newest). One transaction for each step."""
    _run(command.upgrade, target)


def go_back(target: str) -> None:
    """Go down to a step ("base": an empty database)."""
    _run(command.downgrade, target)


def _run(step: object, target: str) -> None:
    config = _config()
    with db.database().engine.connect() as connection:
        config.attributes["connection"] = connection
        step(config, target)  # type: ignore[operator]
        connection.commit()


def is_at_head() -> bool:
    """Whether the database has every step this program knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with db.database().reader.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
