"""What tests of pages share."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine


@pytest.fixture
def summer_of_2030() -> Iterator[None]:
    """For tests in which days are typed: the day on which they run, so that the typed ones never pass."""
    with time_machine.travel(datetime(2030, 6, 15, 12, tzinfo=UTC), tick=True):
        yield
