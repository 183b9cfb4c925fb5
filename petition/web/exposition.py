"""The figures for Prometheus: what web processes have counted, and what stands in the database.

What is counted is added up over the processes of one server; what comes from the database is the same whichever
process of whichever machine is asked. Labels are kinds, statuses and states: never a person, never a campaign.
"""

from collections.abc import Iterable, Iterator
from importlib.metadata import version

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from petition.base.settings import Settings
from petition.pulse import Pulse
from petition.web.counters import KINDS, Counters

Row = tuple[tuple[str, ...], float]


class Figures(Collector):
    """Everything on the page. `found` is None where the database cannot be read."""

    def __init__(self, counters: Counters, settings: Settings, found: Pulse | None, behind: bool) -> None:
        self._counters, self._settings, self._found, self._behind = counters, settings, found, behind

    def collect(self) -> Iterator[Metric]:
        """All figures there are."""
        yield InfoMetricFamily("petition", "The program.", {"version": version("petition")})
        yield from _web(self._counters, self._settings)
        yield _gauge("database_up", "Whether the database can be read.", self._found is not None)
        if self._found is None:
            return
        yield _gauge("database_at_head", "Whether it has every step this program knows.", not self._behind)
        yield from _machinery(self._found)
        yield from _letters(self._found)
        yield from _register(self._found)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"petition_{name}", meaning, value=float(value))


def _gauges(name: str, meaning: str, labels: tuple[str, ...], rows: Iterable[Row]) -> Metric:
    family = GaugeMetricFamily(f"petition_{name}", meaning, labels=labels)
    for names, value in rows:
        family.add_metric(names, value)
    return family


def _counted(name: str, meaning: str, labels: tuple[str, ...], rows: Iterable[Row]) -> Metric:
    family = CounterMetricFamily(f"petition_{name}", meaning, labels=labels)
    for names, value in rows:
        family.add_metric(names, value)
    return family


def _web(counters: Counters, settings: Settings) -> Iterator[Metric]:
    answers = [((kind, status), float(count)) for kind, status, count in counters.answers()]
    yield _counted("answers", "Answers, without those from the page cache.", ("kind", "status"), answers)
    yield _counted("kept_answers", "Answers from the page cache.", (), [((), counters.kept_answers())])
    times = HistogramMetricFamily("petition_answer_seconds", "Seconds until an answer begins.", labels=["kind"])
    for kind, buckets, total in counters.times():
        times.add_metric([kind], buckets, total)
    yield times
    taken = counters.count("sign", ("303",))
    yield _counted("forms_taken", "Forms that sign, taken: a letter goes out for each.", (), [((), taken)])
    pressed = counters.count("confirm", ("303",))
    yield _counted("presses_taken", "Buttons that confirm, pressed and taken, again too.", (), [((), pressed)])
    limits = [((kind,), float(counters.count(kind, ("429",)))) for kind in KINDS]
    yield _counted("limits_hit", "Answers “too many at once”.", ("kind",), limits)
    yield _gauge("web_processes", "Web processes of this server.", counters.processes())
    yield _gauge("pool_connections", "Database connections in use by them.", counters.connections())
    yield _gauge("pool_size", "Database connections that each of them may use.", settings.pool_size)


def _machinery(found: Pulse) -> Iterator[Metric]:
    yield _gauge("clock_difference_seconds", "How far the database's clock is ahead.", found.clock.total_seconds())
    yield _gauge("workers", "Workers seen in the last two minutes.", len(found.present()))
    if found.workers:
        last = found.workers[0].seen_at.timestamp()
        yield _gauge("worker_seen_timestamp_seconds", "When a worker was last seen.", last)
    if found.backup is not None:
        yield _gauge("backup_timestamp_seconds", "When the last backup was made.", found.backup.timestamp())
    if found.disk is not None:
        yield _gauge("disk_free_bytes", "Free bytes where the database's file lies.", found.disk[0])
        yield _gauge("disk_size_bytes", "All bytes there.", found.disk[1])
    jobs = [(("waiting",), float(found.jobs.count)), (("running",), float(found.running_jobs))]
    yield _gauges("jobs", "Work longer than a request.", ("state",), jobs)
    yield _gauge("job_oldest_seconds", "How long the oldest waits.", found.jobs.age(found.at).total_seconds())


def _letters(found: Pulse) -> Iterator[Metric]:
    unsent = [((state, "yes" if news else "no"), float(n)) for (state, news), n in found.letters.items()]
    yield _gauges("letters", "Letters not sent yet, by state and whether they are news.", ("state", "news"), unsent)
    yield _gauge("letters_due", "Letters that somebody waits for and that are due.", found.due.count)
    yield _gauge("letter_oldest_seconds", "For how long the oldest of them has been due.",
                 found.due.age(found.at).total_seconds())  # fmt: skip
    yield _gauge("letters_put_off", "Of those that somebody waits for, what mail servers have put off.",
                 found.put_off.count)  # fmt: skip
    yield _gauge("letter_put_off_oldest_seconds", "Since when the oldest of them is there.",
                 found.put_off.age(found.at).total_seconds())  # fmt: skip
    yield _gauge("letters_failed_last_day", "Letters refused for good within a day.", found.failed)
    ended = [((worker, how), float(n)) for worker, counts in found.ended.items() for how, n in counts.items()]
    yield _counted("letters_ended", "Letters that a worker has ended, by how.", ("worker", "how"), ended)


def _register(found: Pulse) -> Iterator[Metric]:
    yield _gauge("signatures", "What counts now, over all campaigns.", found.signatures)
    yield _counted("moves", "Changes of what counts, ever.", (), [((), found.all_moves)])
    yield _gauge("moves_waiting", "Changes that have no number yet.", found.moves.count)
    yield _gauge("move_oldest_seconds", "How long the oldest of them waits.",
                 found.moves.age(found.at).total_seconds())  # fmt: skip
    if found.crowd is not None:
        meaning = "The most signatures that one mail domain brought one campaign in an hour, out of all proportion."
        yield _gauge("crowd_signatures", meaning, found.crowd)
