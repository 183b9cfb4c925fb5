"""The log: lines for people or documents for programs, and never what somebody typed (C9)."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from petition.base.logs import Lines

CANARY = "canary-7f3a@example.org"


def record(name: str, pattern: str, *filled: object, error: BaseException | None = None) -> logging.LogRecord:
    made = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord(name, logging.ERROR, f"/lib/{name}.py", 7, pattern, filled, made)


def caught(raise_: Callable[[], object]) -> BaseException:
    try:
        raise_()
    except Exception as error:
        return error
    raise AssertionError


def test_a_line_of_json_has_these_fields_and_no_others() -> None:
    line = json.loads(Lines("json").format(record("petition.worker", "the job %s failed: %s", "signs", "KeyError")))
    assert line.keys() == {"at", "level", "by", "process", "words"}
    assert (line["level"], line["by"], line["words"]) == ("error", "petition.worker", "the job signs failed: KeyError")
    assert line["at"].endswith("Z")


@pytest.mark.parametrize("how", ["text", "json"])
def test_what_a_library_fills_in_and_what_an_error_says_is_not_written(how: str) -> None:
    error = caught(lambda: int(CANARY))
    records = [
        record("sqlalchemy.engine", "row %s", CANARY), record("somebody", f"cannot send to {CANARY}"),
        record("petition", "in trouble", error=error), record("py.warnings", "%s", CANARY),
    ]  # fmt: skip
    lines = [Lines(how).format(one) for one in records]
    assert CANARY not in "".join(lines)
    assert "row %s" in lines[0]
    assert "at somebody:7" in lines[1]
    assert "ValueError" in lines[2]
    assert "test_logs.py" in lines[2]
    assert not any("\n" in line for line in lines)


SCRIPT = """
import logging, warnings
from petition.app import create_app
from petition.base import logs, settings
app = create_app()
logs.begin(settings.read().log_format)
app.logger.info("ours")
logging.getLogger("petition.worker").error("theirs: %s", "KeyError")
logging.getLogger("library").warning("a row of {}")
logging.getLogger("library").info("quiet")
warnings.warn("old")
logging.getLogger("library").error("%d", "no number, and no traceback with what it was given: canary-7f3a")
"""


@pytest.mark.parametrize("how", ["text", "json"])
def test_every_process_writes_its_log_to_standard_error_in_the_format_of_the_setting(
    how: str, keys_file: Path, tmp_path: Path
) -> None:
    environ = {"LOG_FORMAT": how, "KEYS_FILE": str(keys_file), "DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environ | {"PYTHONPATH": root}, capture_output=True, text=True, check=True
    )
    lines = done.stderr.splitlines()
    assert (done.stdout, len(lines)) == ("", 5)
    assert "canary" not in done.stderr
    if how == "json":
        assert [json.loads(line)["by"] for line in lines] == [
            "petition", "petition.worker", "library", "py.warnings", "library",
        ]  # fmt: skip
    else:
        assert lines[1] == "error petition.worker: theirs: KeyError"
