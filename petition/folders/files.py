"""One folder's files as written: front matter, languages, dates, and what they may not be."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import frontmatter
from babel import Locale, UnknownLocaleError
from frontmatter.default_handlers import YAMLHandler
from yaml import BaseLoader, YAMLError, load  # type: ignore[import-untyped]

from petition.base import clocks, markdown, text
from petition.base.clocks import MomentRefused
from petition.base.text import TextRefused

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
LONGEST_LINE = 200
LONGEST_STANDFIRST = 1000
LARGEST_FILE = 200_000

_WHY = {
    "empty": "is empty",
    "too_long": "is too long",
    "control": "holds a control character",
    "hidden": "holds a character that is not seen, such as one that turns the direction of writing",
    "combining": "piles up marks on one letter",
    "web_address": "holds a web address",
    "line_break": "has a line break",
}
_MOMENT_WHY = {
    "unreadable": "must be a date such as 2030-05-01 or 2030-05-01T09:00",
    "offset": "must be a local time, without an offset from UTC",
    "year": f"must lie in a year from {clocks.YEARS[0]} to {clocks.YEARS[-1]}",
    "skipped": "names a time that the clocks of {zone} skip",
}


class FolderRefused(ValueError):
    """A folder that cannot be brought in: one sentence that names the file, the key and why."""


class _Strings(YAMLHandler):
    """YAML whose values all stay as written, so that a title may be “No” and a slug 1984."""

    def load(self, fm: str, **_options: object) -> Any:
        return load(fm, Loader=_NoDoubles)  # noqa: S506  # a BaseLoader: makes strings, lists and mappings alone


class _NoDoubles(BaseLoader):  # type: ignore[misc]
    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _value in node.value if isinstance(key.value, str)]
        double = next((key for place, key in enumerate(keys) if key in keys[:place]), None)
        if double is not None:
            raise YAMLError(f"“{double}” stands there twice")
        return cast(dict[Any, Any], super().construct_mapping(node, deep))


@dataclass(frozen=True, slots=True)
class File:
    """One language's file as written."""

    path: Path
    keys: dict[str, Any]
    body: str

    @property
    def language(self) -> str:
        """The language that the file's name says."""
        return self.path.stem

    def refuse(self, key: str, why: str) -> FolderRefused:
        """The error that says what is wrong with a key."""
        return FolderRefused(f"{self.path}: “{key}” {why}.")

    def words(self, key: str, clean: Callable[..., str] = text.line, *, most: int, needed: bool = False) -> str:
        """A key's words, cleaned; "" where it is missing and not needed."""
        value = self.keys.get(key, "")
        if not isinstance(value, str):
            raise self.refuse(key, "must be words")
        return self.clean(key, value, clean, most=most, needed=needed)

    def clean(self, key: str, value: str, clean: Callable[..., str] = text.line, *, most: int, needed: bool) -> str:
        """A value of a key, cleaned. Raises FolderRefused."""
        try:
            cleaned = clean(value, most=most)
        except TextRefused as error:
            limit = f" (at most {most} characters)" if error.why == "too_long" else ""
            raise self.refuse(key, _WHY[error.why] + limit) from None
        if needed and not cleaned:
            raise self.refuse(key, "is missing")
        return cleaned


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder's files by language, and what they share."""

    slug: str
    files: dict[str, File]
    first: File

    def __contains__(self, key: str) -> bool:
        return key in self.first.keys

    def value(self, key: str, missing: Any = None) -> Any:
        """What all languages share, as written."""
        return self.first.keys.get(key, missing)

    def refuse(self, key: str, why: str) -> FolderRefused:
        """The error that says what is wrong with a key."""
        return self.first.refuse(key, why)

    def strings(self, key: str) -> list[str]:
        """A list of words; a single word is a list of one."""
        value = self.value(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            raise self.refuse(key, "must be a list")
        return values

    def mapping(self, key: str, known: tuple[str, ...]) -> dict[str, str]:
        """Words by name, of known names alone."""
        value = self.value(key, {})
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise self.refuse(key, "must hold names and words")
        for name in value:
            if name not in known:
                raise self.refuse(key, f"does not know “{name}”, only {', '.join(known)}")
        return value

    def number(self, key: str, value: object, least: int, most: int) -> int:
        """A whole number between two. Raises FolderRefused."""
        found = int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value) else least - 1
        if not least <= found <= most:
            raise self.refuse(key, f"must be a whole number from {least} to {most}")
        return found

    def yes_or_no(self, key: str) -> bool | None:
        """None where it is not said. Raises FolderRefused."""
        said = self.first.words(key, most=3)
        if said not in ("", "yes", "no"):
            raise self.refuse(key, "must say “yes” or “no”")
        return said == "yes" if said else None

    def zone(self) -> ZoneInfo:
        """The time zone of the folder's dates. Raises FolderRefused."""
        name = self.value("time_zone", "UTC")
        try:
            return ZoneInfo(name)
        except (ValueError, LookupError, OSError, TypeError):
            raise self.refuse("time_zone", "must name a time zone, such as Europe/Madrid") from None

    def moment(self, key: str, now: datetime) -> datetime | None:
        """A date as a moment in UTC; None where it is not given."""
        written = self.first.words(key, most=40)
        if not written:
            return None
        try:
            if re.fullmatch(r"[+-]?[0-9]{1,5}", written):
                day = now.astimezone(self.zone()).date() + timedelta(days=int(written))
                return local_moment(day.isoformat(), self.zone())
            return local_moment(written, self.zone())
        except ValueError as error:
            raise self.refuse(key, str(error)) from None


def local_moment(written: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 local time as a moment in UTC; the first where it comes twice.

    Raises ValueError, whose text goes on after the name of what was written: "must be …".
    """
    try:
        return clocks.moment(written, zone)
    except MomentRefused as refused:
        raise ValueError(_MOMENT_WHY[refused.why].format(zone=zone.key)) from None


def read(
    folder: Path, own: tuple[str, ...], shared: tuple[str, ...], *, reserved: Collection[str] = (),
    has_text: bool = True,
) -> Folder:  # fmt: skip
    """A folder's files, which know these keys of their own and these shared ones; with a text below them, or none.

    `reserved`: names that are addresses of other pages. Raises FolderRefused.
    """
    slug = folder.absolute().name
    if not folder.is_dir():
        raise FolderRefused(f"{folder} is not a folder.")
    if not _SLUG.fullmatch(slug):
        raise FolderRefused(f"{folder}: a folder's name is its address: a-z, 0-9 and “-”, at most 80 characters.")
    if slug in reserved:
        raise FolderRefused(f"{folder}: “{slug}” is the address of another page; give the folder another name.")
    paths = sorted(path for path in folder.glob("*.md") if not path.name.startswith("."))
    if not paths:
        raise FolderRefused(f"{folder} holds no Markdown file, such as en.md.")
    files = [_file(path, own + shared, has_text) for path in paths]
    _refuse_contradictions(files, shared)
    first = _first(folder, files, shared)
    shares = {key: value for file in files for key, value in file.keys.items() if key in shared}
    first = File(first.path, shares | first.keys, first.body)
    return Folder(slug, {file.language: first if file.path == first.path else file for file in files}, first)


def is_language(name: str) -> bool:
    """Whether something is the code of a language: "en", "pt-BR"."""
    try:
        return bool(_LANGUAGE.fullmatch(name)) and Locale.parse(name, sep="-") is not None
    except (UnknownLocaleError, ValueError):
        return False


def _file(path: Path, known: tuple[str, ...], has_text: bool) -> File:
    if not is_language(path.stem):
        raise FolderRefused(f"{path}: a file's name is its language, such as en.md or pt-BR.md.")
    keys, body = _parsed(path)
    if not keys:
        raise FolderRefused(f"{path} does not begin with front matter between two lines of ---.")
    for key in keys:
        if key not in known:
            raise FolderRefused(f"{path}: “{key}” is not known; known are {', '.join(known)}.")
    if bool(body.strip()) is not has_text:
        raise FolderRefused(
            f"{path} has no text below its front matter."
            if has_text
            else f"{path} has a text below its front matter, which no page would show."
        )
    return File(path, keys, body)


def _parsed(path: Path) -> tuple[dict[str, Any], str]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise FolderRefused(f"{path} is larger than {LARGEST_FILE} bytes.")
        keys, body = frontmatter.parse(path.read_text("utf-8-sig"), handler=_Strings())
        markdown.to_html(body)
    except UnicodeDecodeError:
        raise FolderRefused(f"{path} is not written in UTF-8.") from None
    except (YAMLError, RecursionError) as error:
        raise FolderRefused(f"{path}: its front matter is not YAML ({_briefly(error)}).") from None
    except TextRefused as error:
        raise FolderRefused(f"{path}: its text {_WHY[error.why]}.") from None
    return keys, body


def _briefly(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    return f"{problem}, line {mark.line + 2}" if mark is not None else str(problem)


def _refuse_contradictions(files: list[File], shared: tuple[str, ...]) -> None:
    said: dict[str, File] = {}
    for file in files:
        for key in shared:
            if key not in file.keys:
                continue
            other = said.setdefault(key, file)
            if other.keys[key] != file.keys[key]:
                raise FolderRefused(f"{other.path} and {file.path} say different things about “{key}”.")


def _first(folder: Path, files: list[File], shared: tuple[str, ...]) -> File:
    """The file of the first language: the one that holds (most of) what all languages share."""
    counts = sorted(((sum(key in shared for key in file.keys), file.language, file) for file in files), reverse=True)
    if len(counts) > 1 and counts[0][0] == counts[1][0]:
        named = f"{', '.join(shared[:2])} and the like" if len(shared) > 1 else shared[0]
        raise FolderRefused(f"{folder}: which language comes first? Put {named} into its file alone.")
    return counts[0][2]
