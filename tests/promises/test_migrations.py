"""The migrations: the schema they make is the models', forwards and backwards, with data, on both databases."""

import ast
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from sqlalchemy import MetaData, inspect, select, text
from sqlalchemy.exc import DBAPIError

from petition import accounts, answers, decisions, journal, migrated, migrating, register, running, signatures, teams
from petition.accounts import Guess
from petition.base import db, mailbox
from petition.journal import Entry
from petition.register import Move
from petition.signatures import PendingSignature, Signature
from tests.cast import Cast

VERSIONS = sorted((Path(__file__).resolve().parents[2] / "migrations" / "versions").glob("*.py"))
STEPS = [path.name[:4] for path in VERSIONS]


def tables() -> set[str]:
    db.session.remove()
    return set(inspect(db.database().engine).get_table_names()) - {"alembic_version"}


def differences() -> list[object]:
    """What differs between the database and the models, indexes and keys included."""
    db.session.remove()
    with db.database().engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, db.Base.metadata))


def conditions() -> dict[str, str]:
    """The condition of every partial index, which comparing does not look at, in one spelling."""
    db.session.remove()
    if db.is_sqlite():
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
    else:
        query = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '% WHERE %'"
    with db.database().engine.connect() as connection:
        return {name: _plain(sql.partition(" WHERE ")[2]) for name, sql in connection.execute(text(query))}


def _plain(condition: str) -> str:
    """PostgreSQL writes `state IN (…)` as `(state)::text = ANY (ARRAY[…])`: the words in order are what counts."""
    words = re.findall(r"'\w+'|\w+", re.sub(r"::[\w ]+(\[\])?", "", condition))
    return " ".join(word for word in words if word.upper() not in ("IN", "ANY", "ARRAY"))


def test_steps_are_numbered_one_after_the_other() -> None:
    """Serial names: whoever adds one sees at once that somebody else has."""
    assert [f"{number:04}" for number in range(1, len(STEPS) + 1)] == STEPS
    for path, before in zip(VERSIONS, [None, *STEPS], strict=False):
        said = {
            node.targets[0].id: node.value.value
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }  # fmt: skip
        assert (said["revision"], said["down_revision"]) == (path.name[:4], before)


def test_a_step_imports_nothing_of_ours() -> None:
    """A step must do tomorrow what it does today."""
    for path in [*VERSIONS, VERSIONS[0].parents[1] / "env.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                assert not any(name.partition(".")[0] == "petition" for name in names), path.name


def test_every_step_says_what_it_does_and_can_be_taken_back() -> None:
    for path in VERSIONS:
        found = ast.parse(path.read_text())
        assert ast.get_docstring(found), path.name
        defined = {node.name: node for node in found.body if isinstance(node, ast.FunctionDef)}
        assert defined.keys() >= {"upgrade", "downgrade"}
        assert not any(isinstance(node, ast.Pass) for node in ast.walk(defined["downgrade"])), path.name


def test_the_schema_is_the_models(app: Flask) -> None:
    """Tables, columns, types, keys, indexes."""
    assert differences() == []
    assert tables() == set(db.Base.metadata.tables)


def test_partial_indexes_have_the_conditions_of_the_models(app: Flask) -> None:
    wanted = {
        str(index.name): _plain(str(where))
        for table in db.Base.metadata.tables.values()
        for index in table.indexes
        if (where := index.dialect_options["postgresql"]["where"]) is not None
    }
    assert wanted
    assert conditions() == wanted


def test_the_comparison_sees_a_missing_index_and_a_column_too_many(app: Flask) -> None:
    """Else the tests above could not fail."""
    with db.database().engine.begin() as connection:
        connection.execute(text("DROP INDEX signature_order"))
        connection.execute(text("ALTER TABLE wording ADD COLUMN forgotten INTEGER"))
    assert {str(change[0]) for change in differences() if isinstance(change, tuple)} == {"add_index", "remove_column"}


def test_going_back_to_nothing_and_up_again_leaves_the_same_schema(app: Flask) -> None:
    migrating.go_back("base")
    assert tables() == set()
    migrating.migrate()
    assert migrated.is_at_head()
    assert differences() == []


def _populate(cast: Cast) -> None:
    """A little of everything: pending, counted, moves, letters, news, an entry in the journal."""
    cast.campaign()
    cast.signed("ana@example.org", news="y")
    cast.number()
    cast.signed("eve@example.org")
    cast.sign("ben@example.org")
    running.pause(cast.row(), "a test")
    organiser = accounts.invite(mailbox.parse("olga@example.org"), "a test", language="en")
    teams.grant(organiser, teams.OWNER, cast.reading().id, "a test")
    teams.grant(organiser, teams.ADMINISTRATOR, None, "a test")
    accounts.begin_session(organiser.id, "Firefox, Linux")
    db.session.add(Guess(key=bytes(32), hour=1, n=1))
    answers.count(cast.reading().id, db.now() + timedelta(minutes=5))
    db.session.commit()
    db.session.remove()


def _contents() -> dict[str, list[dict[str, str]]]:
    """Every row of every table, as the database has it."""
    found = MetaData()
    with db.database().engine.connect() as connection:
        found.reflect(connection)
        return {
            name: sorted(
                ({key: repr(row[key]) for key in sorted(row)} for row in connection.execute(select(table)).mappings()),
                key=repr,
            )
            for name, table in found.tables.items()
            if name != "alembic_version"
        }


def _of_columns(before: list[dict[str, str]], table: str) -> list[dict[str, str]]:
    """Rows with the columns that a table still has; without the hours of the register, which are a step's own."""
    kept = {column["name"] for column in inspect(db.database().engine).get_columns(table)}
    rows = [{name: value for name, value in row.items() if name in kept} for row in before if not _is_of_an_hour(row)]
    return sorted(rows, key=repr)


def _is_of_an_hour(row: dict[str, str]) -> bool:
    return row.get("dimension") in (repr(register.CAME), repr(register.LEFT))


def test_each_step_can_be_taken_back_and_made_again_with_data_in_the_others(app: Flask, cast: Cast) -> None:
    """One at a time, from the newest to the first and up again; what a step does not own stays as it is."""
    _populate(cast)
    before = _contents()
    for here in reversed(range(len(STEPS))):
        migrating.go_back(STEPS[here - 1] if here else "base")
        kept = _contents()
        for name, rows in kept.items():
            assert _of_columns(rows, name) == _of_columns(before[name], name), (STEPS[here], name)
    for step in STEPS:
        migrating.migrate(step)
    assert differences() == []
    assert set(_contents()) == set(before)


def test_a_step_fills_in_the_hours_of_moves_that_are_folded_up_already(app: Flask, cast: Cast) -> None:
    _populate(cast)
    cast.number()
    decided = db.session.scalars(select(Signature.id).limit(1)).one()
    decisions.decide(decided, "hold", actor="a test", reason="a test", at=db.now())
    db.session.commit()
    cast.number()
    before = _contents()["tally"]
    assert any(_is_of_an_hour(row) for row in before)
    migrating.go_back(STEPS[STEPS.index("0017") - 1])
    migrating.migrate()
    assert _contents()["tally"] == before
    assert register.check(cast.reading().id, signatures.counted(cast.reading().id)) == []


def test_a_database_that_is_up_to_date_is_left_alone(app: Flask, cast: Cast) -> None:
    """Running it again is harmless."""
    _populate(cast)
    before = _contents()
    migrating.migrate()
    assert _contents() == before


def test_whether_every_step_was_made_can_be_asked(app: Flask) -> None:
    assert migrated.is_at_head()
    migrating.go_back(STEPS[-2])
    assert not migrated.is_at_head()


def test_the_program_of_before_runs_on_a_database_that_is_ahead_of_it_and_leaves_it_alone(
    app: Flask, cast: Cast
) -> None:
    """docs/upgrade.md: machines are upgraded one after another, and going back needs no change of the database."""
    _populate(cast)
    with db.database().engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = _contents()
    assert migrated.is_at_head()
    migrating.migrate()
    with pytest.raises(migrating.StepRefused, match="a newer program"):
        migrating.go_back(STEPS[0])
    assert _contents() == before


@pytest.mark.parametrize("step", ["", "9999", "nosuch", "-1", "+1", "00", "head~1"])
def test_a_step_is_gone_to_by_its_whole_name_alone(app: Flask, step: str) -> None:
    for go in (migrating.migrate, migrating.go_back):
        with pytest.raises(migrating.StepRefused, match=r"^There is no step .*\.$"):
            go(step)
    assert migrated.is_at_head()


@pytest.mark.parametrize("deed", ["UPDATE journal SET reason = 'x'", "DELETE FROM journal", "TRUNCATE journal"])
def test_the_journal_cannot_be_changed_or_emptied(app: Flask, deed: str) -> None:
    """S41: by nobody who speaks through the application's connection."""
    if deed.startswith("TRUNCATE") and db.is_sqlite():
        deed = "DELETE FROM journal WHERE true"  # SQLite's way of emptying a table
    journal.write("a test", "made up")
    db.session.commit()
    db.session.remove()
    with pytest.raises(DBAPIError, match="the journal cannot be changed"), db.database().engine.begin() as connection:
        connection.execute(text(deed))
    assert [entry.actor for entry in db.session.scalars(select(Entry))] == ["a test"]


def test_a_form_of_one_campaign_cannot_name_the_wording_or_consent_of_another(app: Flask, cast: Cast) -> None:
    """Architecture: a composite key refuses it, whatever the program does."""
    cast.campaign()
    other = cast.campaign("other")
    cast.sign()
    pending = db.session.scalars(select(PendingSignature)).one()
    pending.wording_id = other.wording("en").id
    with pytest.raises(DBAPIError):
        db.session.flush()
    db.session.rollback()


def test_one_mailbox_has_one_signature_and_one_number_one_move(app: Flask, cast: Cast) -> None:
    """The keys that hold the total: whatever the program does."""
    cast.campaign()
    cast.signed()
    cast.number()
    for model in (Signature, Move):
        row = db.session.execute(select(*model.__table__.c)).mappings().one()
        with pytest.raises(DBAPIError):
            db.session.execute(model.__table__.insert(), dict(row) | {"id": int(row["id"]) ^ 1})
        db.session.rollback()


def test_moments_keep_their_zone_on_both_databases(app: Flask) -> None:
    """SQLite forgets zones; the models put UTC back."""
    journal.write("a test", "made up")
    db.session.commit()
    db.session.remove()
    entry = db.session.scalars(select(Entry)).one()
    assert entry.at.utcoffset() == timedelta(0)
    assert abs(db.now() - entry.at) < timedelta(minutes=1)


def test_the_factory_opens_no_connection(make_app: Callable[..., Flask]) -> None:
    """Architecture: no query, no network, no file written."""
    make_app(database_url="postgresql://nobody@127.0.0.1:1/nothing")
