"""What holds for every command: help with an example, errors in one sentence, exit codes."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from petition.base import crypto
from petition.cli import NOUNS, Nouns, main
from tests.cast import Cast, free_port
from tests.cli.conftest import Petition


def all_commands() -> list[tuple[str, ...]]:
    """Every command and group by its words."""
    context = click.Context(main)
    found: list[tuple[str, ...]] = []
    for noun in NOUNS:
        command = main.get_command(context, noun)
        assert command is not None
        found.append((noun,))
        if isinstance(command, click.Group):
            found += [(noun, verb) for verb in command.commands]
    return found


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_every_command_has_help_with_an_example_of_itself(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "--help"], terminal_width=200)
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if "Example: " in line and " ".join(words) in line]


@pytest.mark.parametrize("noun", NOUNS)
def test_the_table_of_commands_says_what_each_says_of_itself(noun: str) -> None:
    command = main.get_command(click.Context(main), noun)
    assert command is not None
    assert command.get_short_help_str(200).rstrip(".") == NOUNS[noun][1].rstrip(".")


def test_help_loads_neither_the_web_nor_the_database() -> None:
    script = (
        "import sys; from petition.cli import main; main(['--help'], standalone_mode=False);"
        "sys.exit(bool({'flask', 'sqlalchemy', 'granian'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, capture_output=True).returncode == 0


def test_the_package_can_be_run_by_its_name() -> None:
    done = subprocess.run([sys.executable, "-m", "petition", "--version"], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("petition ")


def test_an_application_that_is_made_loads_no_codec_at_its_first_requests(keys_file: Path) -> None:
    """Processes are forked: one that had to load what another thread was just loading waited for it for ever."""
    script = (
        "import sys; from petition.app import create_app; create_app(); sys.exit('encodings.idna' not in sys.modules)"
    )
    environ = os.environ | {"KEYS_FILE": str(keys_file)}
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, env=environ)
    assert done.returncode == 0


def test_the_first_requests_are_answered_however_many_come_at_the_start(
    sqlite_template: Path, keys_file: Path, tmp_path: Path
) -> None:
    """Whoever restarts a site in a rush restarts it among visitors."""
    shutil.copyfile(sqlite_template, tmp_path / "petition.db")
    port = free_port()
    given = {"DATABASE_URL": f"sqlite:///{tmp_path}/petition.db", "KEYS_FILE": str(keys_file), "PORT": str(port)}
    given["LETTERS_DIR"] = str(tmp_path / "letters")
    given["ERASURES_FILE"] = str(tmp_path / "erasures")
    process = subprocess.Popen([sys.executable, "-m", "petition", "run", "--web-only"], env=os.environ | given)

    def first(_number: int) -> int:
        patience = time.monotonic() + 20
        while True:
            try:
                return int(urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=10).status)
            except urllib.error.HTTPError as error:
                return error.code
            except urllib.error.URLError:
                assert time.monotonic() < patience, "it never answered"
                time.sleep(0.01)

    try:
        with ThreadPoolExecutor(24) as visitors:
            assert set(visitors.map(first, range(48))) == {200}
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def one_sentence(stderr: str) -> bool:
    return stderr.startswith("petition: ") and stderr.count("\n") == 1 and "Traceback" not in stderr


def test_a_wrong_setting_ends_in_one_sentence_that_names_it(petition: Petition) -> None:
    result = petition("campaign", "list", PORT="many")
    assert (result.exit_code, one_sentence(result.stderr)) == (2, True)
    assert "PORT" in result.stderr


@pytest.mark.parametrize("host", ["192.0.2.7", "nosuch.example"])
def test_a_host_that_is_not_this_machines_is_called_that_and_not_a_taken_port(petition: Petition, host: str) -> None:
    mail = {"SMTP_URL": "smtp://mail.example.org", "MAIL_FROM": "letters@example.org"}
    result = petition("run", "--web-only", HOST=host, PORT=str(free_port()), **mail)
    assert (result.exit_code, one_sentence(result.stderr)) == (2, True)
    assert result.stderr.startswith("petition: HOST must be an address of this machine")


def test_a_step_that_is_not_there_ends_in_one_sentence(petition: Petition) -> None:
    for line in (("--to", "9999"), ("--down-to", "nosuch"), ("--down-to", "")):
        result = petition("migrate", *line)
        assert (result.exit_code, one_sentence(result.stderr)) == (2, True), line


def test_a_missing_key_ring_ends_in_one_sentence_that_says_how_to_make_it(petition: Petition, tmp_path: Path) -> None:
    result = petition("campaign", "list", KEYS_FILE=str(tmp_path / "none.json"))
    assert (result.exit_code, one_sentence(result.stderr)) == (2, True)
    assert "petition keys new" in result.stderr


def test_another_key_ring_than_the_one_that_sealed_ends_in_one_sentence(
    petition: Petition, cast: Cast, tmp_path: Path
) -> None:
    cast.campaign()
    other = tmp_path / "other.json"
    crypto.write(other, crypto.with_new_key(None))
    for command in (("signature", "find", "ana@example.org"), ("worker",), ("run", "--web-only")):
        result = petition(*command, KEYS_FILE=str(other), PORT=str(free_port()))
        assert (result.exit_code, one_sentence(result.stderr)) == (2, True), command


def test_a_database_without_tables_ends_in_one_sentence_that_says_what_to_do(keys_file: Path, tmp_path: Path) -> None:
    settings = {"KEYS_FILE": str(keys_file), "DATABASE_URL": f"sqlite:///{tmp_path}/new.db"}
    result = CliRunner().invoke(main, ["campaign", "list"], env=settings)
    assert (result.exit_code, one_sentence(result.stderr)) == (2, True)
    assert "petition migrate" in result.stderr


def test_a_database_that_is_away_ends_with_75_and_one_sentence(keys_file: Path) -> None:
    settings = {"KEYS_FILE": str(keys_file), "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing"}
    result = CliRunner().invoke(main, ["campaign", "list"], env=settings)
    assert (result.exit_code, one_sentence(result.stderr)) == (75, True)


class Broken(Nouns):
    """A script all of whose commands have a mistake of ours in them."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        def fail() -> None:
            raise RuntimeError("ana@example.org")

        return click.Command(cmd_name, callback=fail)


@click.group(cls=Broken)
@click.option("--debug", is_flag=True)
def broken(debug: bool) -> None:
    """A script."""


def test_a_mistake_of_ours_ends_with_70_and_repeats_nothing_that_was_typed() -> None:
    result = CliRunner().invoke(broken, ["anything"])
    assert (result.exit_code, one_sentence(result.stderr)) == (70, True)
    assert "ana@" not in result.output


def test_a_mistake_of_ours_is_shown_whole_when_asked_for() -> None:
    result = CliRunner().invoke(broken, ["--debug", "anything"])
    assert isinstance(result.exception, RuntimeError)


def test_an_unknown_command_is_a_mistake_of_whoever_typed_it() -> None:
    assert CliRunner().invoke(main, ["campagne"]).exit_code == 2
