"""Exports opened by LibreOffice, which is not on every machine: `make outside` (Debian: apt install libreoffice-calc).

What it reads it writes out again as CSV: the same rows, every script whole, and nothing was executed (S33, S44).
"""

import csv
import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from petition import export
from petition.campaigns import Reading
from petition.selection import Filter
from tests.cast import Cast
from tests.domain.test_export import ANA, enter

TEXTS = (
    "محمد الأمين", "김민준", "王小明", "Ngũgĩ wa Thiong’o", "José-María “Pepe” <b>&amp;", "_x0041_", "O'Brien; a,b\tc",
    "=1+1", "=HYPERLINK(\"http://localhost/\";\"x\")", "+49 30 123", "-2+3", "@SUM(1;1)", "＝1+1", "=cmd|' /C calc'!A0",
)  # fmt: skip
#: Comma, quotes, UTF-8, every cell as it is stored, every sheet into a file of its own.
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false,false,false,-1"
#: How a CSV is read: comma, quotes, UTF-8, formulas evaluated as somebody who opens it by hand gets them.
FROM_CSV = "CSV:44,34,76,1,,0,false,true"


@pytest.fixture
def listed(cast: Cast) -> Reading:
    """People of many scripts, and some who type formulas."""
    reading = cast.campaign()
    enter(reading, *({"details": replace(ANA, name=text, comment=f"one\n{text}")} for text in TEXTS))
    return reading


def opened(path: Path, *options: str) -> dict[str, list[list[str]]]:
    """What LibreOffice sees in a file: by sheet, row by row."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed (Debian: apt install libreoffice-calc)")
    out = path.parent / "opened"
    command = [office, "--headless", f"-env:UserInstallation=file://{path.parent}/profile", *options,
               "--convert-to", AS_CSV, "--outdir", str(out), str(path)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=200)
    return {
        file.stem.rpartition("-")[2]: list(csv.reader(io.StringIO(file.read_text("utf-8"), newline="")))
        for file in out.glob("*.csv")
    }


def written(reading: Reading, form: str, folder: Path) -> tuple[Path, str]:
    """A list as a file, and its moment."""
    path = folder / f"list.{form}"
    with export.signatures(reading, Filter(), ("number", "day", "name", "comment"), form) as found:
        path.write_bytes(b"".join(found.chunks()))
        return path, str(found.facts()["moment"])


def test_a_workbook_is_read_whole_with_its_manifest_and_nothing_is_executed(listed: Reading, tmp_path: Path) -> None:
    path, moment = written(listed, "xlsx", tmp_path)
    sheets = opened(path)
    assert sheets["list"][0] == ["number", "day", "name", "comment"]
    assert sheets["list"][1:] == [
        [str(n), "2031-05-04", text, f"one\n{text}"] for n, text in enumerate(TEXTS, 1)
    ]  # fmt: skip
    about = dict(sheets["about"][1:])
    assert (about["rows"], about["total"], about["slug"], about["moment"]) == ("14", "14", "canteen", moment)


def test_a_csv_is_read_whole_and_nothing_is_executed(listed: Reading, tmp_path: Path) -> None:
    path, _moment = written(listed, "csv", tmp_path)
    ((head, *found),) = opened(path, f"--infilter={FROM_CSV}").values()
    assert head == ["number", "day", "name", "comment"]
    guarded = [("'" if text[0] in "=+-@＝" else "") + text for text in TEXTS]
    assert [(row[0], row[2], row[3]) for row in found] == [
        (str(n), name, f"one\n{text}") for n, (name, text) in enumerate(zip(guarded, TEXTS, strict=True), 1)
    ]
