"""Which steps there are, and which the database has: read from the files' names and from one row, for every web
process asks this and none of them migrates."""

from pathlib import Path

from sqlalchemy import inspect, text

from petition.base import db

_HERE = Path(__file__).resolve().parent
#: Beside the package in a checkout, inside it once installed from a wheel.
FOLDER = next(path for path in (_HERE / "_migrations", _HERE.parent / "migrations") if path.is_dir())


def steps() -> list[str]:
    """Every step this program knows, from the first: serial numbers of one length, which compare as text."""
    return sorted(path.name.partition("_")[0] for path in FOLDER.glob("versions/*_*.py"))


def newest() -> str:
    """The newest step this program knows."""
    return steps()[-1]


def reached() -> str:
    """The newest step the database has; "" where it has none."""
    with db.database().reader.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def is_at_head() -> bool:
    """Whether the database has every step this program knows. It may have more: the program of before runs on."""
    return reached() >= newest()
