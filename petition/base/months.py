"""Calendar months, in which terms of keeping are promised."""

import calendar
from datetime import UTC, datetime


def later(moment: datetime, months: int) -> datetime:
    """So many calendar months (UTC) later, or earlier; where that month has no such day, its last one."""
    moment = moment.astimezone(UTC)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
