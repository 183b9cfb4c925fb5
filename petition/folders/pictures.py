"""The picture in a folder."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from petition.base import text
from petition.folders.files import Folder
from petition.pictures import LONGEST_ALT, Chosen

if TYPE_CHECKING:
    from petition.base.images import Scaled

#: The key of each language's file, and the one that stands in the first language's.
OWN = ("alt",)
SHARED = ("picture",)


def read(folder: Folder) -> Chosen | None:
    """The picture that a folder names, and what it shows in each language. Raises FolderRefused."""
    written = folder.first.words("picture", most=200)
    if not written:
        strange = next((file for file in folder.files.values() if "alt" in file.keys), None)
        if strange is not None:
            raise strange.refuse("alt", "says what a picture shows, but “picture” names none")
        return None
    path = folder.first.path.parent / written
    if path.name != written or not path.is_file():
        raise folder.refuse("picture", "must name a file beside it")
    scaled = _scaled(folder, path)
    alt = {code: file.words("alt", text.line, most=LONGEST_ALT, needed=True) for code, file in folder.files.items()}
    return Chosen(scaled, alt)


def _scaled(folder: Folder, path: Path) -> "Scaled":
    # It loads Pillow: only for a folder that has a picture, for who serves the site can read folders too.
    images = import_module("petition.base.images")
    why = {
        "too_large": f"is larger than {images.LARGEST_FILE // 1024 // 1024} MB",
        "unknown": "must be a JPEG, PNG or WebP picture",
        "broken": "cannot be read to its end",
        "too_many_pixels": "has too many pixels",
        "too_small": f"must be at least {images.LEAST_SIDE} pixels on each side",
        "too_stretched": f"must not be more than {images.MOST_STRETCHED} times as long on one side as on the other",
    }
    if path.stat().st_size > images.LARGEST_FILE:
        raise folder.refuse("picture", why["too_large"])
    try:
        scaled: Scaled = images.scaled(path.read_bytes())
    except images.ImageRefused as error:
        raise folder.refuse("picture", why[error.why]) from None
    return scaled
