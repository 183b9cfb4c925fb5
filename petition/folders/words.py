"""A campaign's own words, where the interface does not speak a language: a gettext file beside that language's text."""

from pathlib import Path

from petition import phrases
from petition.folders.files import LARGEST_FILE, Folder, FolderRefused
from petition.phrases import PhraseRefused, Said


def words(folder: Path, found: Folder) -> dict[str, Said]:
    """What the files such as ar.po say, by language. Raises FolderRefused."""
    paths = sorted(path for path in folder.glob("*.po") if not path.name.startswith("."))
    return {path.stem: _words(path, found) for path in paths}


def _words(path: Path, found: Folder) -> Said:
    if path.stem not in found.files:
        raise FolderRefused(f"{path} has words for a language without a text: {path.stem}.md is missing.")
    if path.stat().st_size > LARGEST_FILE:
        raise FolderRefused(f"{path} is larger than {LARGEST_FILE} bytes.")
    try:
        return phrases.from_po(path.stem, path.read_bytes())
    except PhraseRefused as refused:
        raise FolderRefused(f"{path}: {refused}") from None
