"""Files that a command writes: whole, or not at all."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from petition.cli.ground import Refused


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file, readable by its owner alone, that takes its name once everything in it is on the disk, or vanishes."""
    if not path.parent.is_dir():
        raise Refused(f"There is no folder {path.parent}.")
    if path.exists() and not path.is_file():
        # A device or a pipe would be replaced by a file.
        raise Refused(f"{path} is no file that could be written anew; “-” writes to standard output.")
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def dying_cleanly() -> Iterator[None]:
    """Being told to end goes through the `finally` of everything, as Ctrl-C does."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
