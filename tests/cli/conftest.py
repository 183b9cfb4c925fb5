"""The console script, run as somebody types it, on the test's own database."""

import contextvars
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import has_app_context

from petition.base import db
from petition.cli import main

Petition = Callable[..., Result]


@pytest.fixture
def settings_of(database_url: str, keys_file: Path, tmp_path: Path) -> dict[str, str]:
    """The environment that names the test's database and keys."""
    return {"DATABASE_URL": database_url, "KEYS_FILE": str(keys_file), "LETTERS_DIR": str(tmp_path / "letters"),
                "ERASURES_FILE": str(tmp_path / "erasures")}  # fmt: skip


@pytest.fixture
def petition(settings_of: dict[str, str]) -> Petition:
    """Types a command; further names are settings. Its context is its own: the test's session is ended first."""

    def typed(*words: object, **settings: str) -> Result:
        if has_app_context():
            db.session.remove()
        run = CliRunner().invoke
        line = [str(word) for word in words]
        return contextvars.Context().run(run, main, line, env=settings_of | settings)

    return typed
