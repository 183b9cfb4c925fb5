"""Workbooks (XLSX) written as they go: nothing is kept, neither in memory nor in a file beside.

The libraries there are lay the rows of a long sheet in clear into a temporary folder; what names people must not lie
there. A cell is a number or a text. There is no way to write a formula, and a text stays one even where somebody
edits its cell: it has the format "text" and the mark of a leading apostrophe (S33).
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from markupsafe import escape

#: A sheet has so many rows, its head among them, and a cell so many characters.
MOST_ROWS = 1_048_576
LONGEST_CELL = 32_767
#: So many bytes a part may have before it would need a form that not every spreadsheet opens.
LARGEST_SHEET = 2**31 - 2**24

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_TOP = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PLAIN, _TEXT, _HEAD = 0, 1, 2
#: 49 is "text" among the formats that every spreadsheet knows.
_STYLES = (
    f'{_TOP}<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"'
    ' applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
#: What XML cannot say, and what a spreadsheet would read as something else.
_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class TooLarge(Exception):
    """More rows, or a longer cell, than a spreadsheet takes."""


class Workbook:
    """A workbook that is written once, from its first sheet to its last. Every method gives the bytes that are ready.

    yield book.begin("people", ("name", "country"))
    yield book.rows(batch)
    yield book.begin("about", ("what", "value"))
    yield book.rows(facts)
    yield book.end()
    """

    def __init__(self, sheets: Sequence[str]) -> None:
        self._ready = _Stream()
        self._zip = _Archive(self._ready, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._sheets = tuple(sheets)
        self._begun = 0
        self._open: IO[bytes] | None = None
        self._rows = self._bytes = 0
        for name, text in _frame(self._sheets):
            self._zip.writestr(_entry(name), text.encode())

    def begin(self, head: Sequence[str]) -> bytes:
        """The next sheet, with a first row that stays in view."""
        self._close()
        self._begun += 1
        self._rows = self._bytes = 0
        self._open = self._zip.open(_entry(f"xl/worksheets/sheet{self._begun}.xml"), "w")
        columns = "".join(f'<col min="{n}" max="{n}" width="20" customWidth="1"/>' for n in range(1, len(head) + 1))
        chosen = ' tabSelected="1"' if self._begun == 1 else ""
        cells = "".join(_text(name, _HEAD) for name in head)
        self._write(
            f'{_TOP}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"{chosen}>'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f"<cols>{columns}</cols><sheetData><row>{cells}</row>"
        )
        self._rows = 1
        return self._ready.taken()

    def rows(self, rows: Iterable[Sequence[object]]) -> bytes:
        """More rows of the sheet at hand: whole numbers as numbers, everything else as text. Raises TooLarge."""
        columns = [[_cell(value) for value in column] for column in zip(*rows, strict=True)]
        lines = ["".join(("<row>", *line, "</row>")) for line in zip(*columns, strict=True)]
        self._rows += len(lines)
        if self._rows > MOST_ROWS:
            raise TooLarge(f"a sheet has at most {MOST_ROWS} rows")
        self._write("".join(lines))
        return self._ready.taken()

    def end(self) -> bytes:
        """What makes it whole."""
        self._close()
        self._zip.close()
        return self._ready.taken()

    def _write(self, text: str) -> None:
        assert self._open is not None
        data = text.encode()
        self._bytes += len(data)
        if self._bytes > LARGEST_SHEET:
            raise TooLarge("a sheet has at most two gigabytes")
        self._open.write(data)

    def _close(self) -> None:
        if self._open is not None:
            self._write("</sheetData></worksheet>")
            self._open.close()
            self._open = None


class _Stream(io.RawIOBase):
    """What the archive is written to; it cannot go back, so the archive says lengths behind its parts."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        """What has been written since it was last asked for."""
        found, self._pieces = b"".join(self._pieces), []
        return found


class _Archive(zipfile.ZipFile):
    def __del__(self) -> None:
        """A workbook that nobody ended is nothing: there is nobody to write its end to."""


def _entry(name: str) -> zipfile.ZipInfo:
    # The date of every part is the earliest there is: the same list is the same file.
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _frame(sheets: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The parts beside the sheets."""
    numbers = range(1, len(sheets) + 1)
    parts = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    parts += [(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in numbers]
    kinds = "".join(f'<Override PartName="{part}" ContentType="{_KIND}.{kind}+xml"/>' for part, kind in parts)
    yield (
        "[Content_Types].xml",
        (
            f'{_TOP}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
            f' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{kinds}</Types>'
        ),
    )
    yield "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")])
    yield (
        "xl/_rels/workbook.xml.rels",
        _relations([*(("worksheet", f"worksheets/sheet{n}.xml") for n in numbers), ("styles", "styles.xml")]),
    )
    named = "".join(f'<sheet name="{escape(sheets[n - 1])}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    yield (
        "xl/workbook.xml",
        (
            f'{_TOP}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews>'
            f"<sheets>{named}</sheets></workbook>"
        ),
    )
    yield "xl/styles.xml", _STYLES


def _relations(found: list[tuple[str, str]]) -> str:
    said = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{to}"/>' for n, (kind, to) in enumerate(found, 1)
    )
    return f'{_TOP}<Relationships xmlns="{_PACKAGE}/relationships">{said}</Relationships>'


def _cell(value: object) -> str:
    if isinstance(value, int):
        # Beyond this a spreadsheet rounds.
        return f"<c><v>{value:d}</v></c>" if abs(value) < 10**15 else _text(str(value), _TEXT)
    return _text(str(value), _TEXT)


def _text(value: str, style: int) -> str:
    if not value:
        return "<c/>"
    # Most cells are words that need nothing: asking first is what makes a long list quick.
    if not value.isalnum():
        value = _sayable(value)
    if len(value) > LONGEST_CELL:
        raise TooLarge(f"a cell has at most {LONGEST_CELL} characters")
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def _sayable(value: str) -> str:
    value = _CODED.sub("_x005F_", _UNSAYABLE.sub("\ufffd", value))
    return str(escape(value.replace("\r\n", "\n"))).replace("\r", "_x000D_")
