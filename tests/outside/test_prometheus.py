"""The proposed alarms in Prometheus' own evaluator, promtool, which is not on every machine: `make outside` (Debian:
apt install prometheus). For each alarm figures that must raise it, and figures beside them that must not."""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ALARMS = Path(__file__).parents[2] / "deploy" / "alarms.yml"
RULES = {rule["alert"]: rule for rule in yaml.safe_load(ALARMS.read_text())["groups"][0]["rules"]}
#: What Prometheus puts on every figure of a target.
ONE, TWO = 'job="petition",instance="one:8000"', 'job="petition",instance="two:8000"'
#: A figure for two hours, a value a minute, in promtool's way of writing values.
HOURS = "x120"


@dataclass(frozen=True)
class Case:
    """Figures as {series: values}, and when to look. `still` is as close as it comes without an alarm."""

    alarm: str
    raised: dict[str, str]
    still: dict[str, str]
    at: str = "30m"
    labels: dict[str, str] = field(default_factory=dict)


def gauge(name: str, *values: str, labels: str = "") -> dict[str, str]:
    """A figure of one target, or of two."""
    targets = (ONE, TWO)[: len(values)]
    more = f",{labels}" if labels else ""
    return {f"{name}{{{target}{more}}}": f"{value}" for target, value in zip(targets, values, strict=True)}


def answers(kind: str, **statuses: str) -> dict[str, str]:
    """Counted answers: `s303="0+60x120"` is one a second."""
    return {
        f'petition_answers_total{{{ONE},kind="{kind}",status="{status[1:]}"}}': values
        for status, values in statuses.items()
    }


def times(fast: int, all_of_them: int) -> dict[str, str]:
    """Forms a minute that take at most half a second, and all."""
    name = f'petition_answer_seconds_bucket{{{ONE},kind="sign",le='
    return {
        f'{name}"0.5"}}': f"0+{fast}{HOURS}", f'{name}"1"}}': f"0+{all_of_them}{HOURS}",
        f'{name}"+Inf"}}': f"0+{all_of_them}{HOURS}",
    }  # fmt: skip


def ended(failed: int, sent: int, last_day: int) -> dict[str, str]:
    """Letters a minute that are refused or sent, and how many were refused within a day."""
    name = f'petition_letters_ended_total{{{ONE},worker="w",how='
    return {
        f'{name}"failed"}}': f"0+{failed}{HOURS}", f'{name}"sent"}}': f"0+{sent}{HOURS}",
        **gauge("petition_letters_failed_last_day", f"{last_day}{HOURS}"),
    }  # fmt: skip


def put_off(letters: int, since: int, sent: str | None) -> dict[str, str]:
    """Letters put off, for how long the oldest, and how many a minute were sent, as two targets have it; None: no
    worker has sent any yet."""
    found = gauge("petition_letters_put_off", f"{letters}x500", f"{letters}x500")
    found |= gauge("petition_letter_put_off_oldest_seconds", f"{since}x500", f"{since}x500")
    name = "petition_letters_ended_total"
    return found | (gauge(name, f"0+{sent}x500", f"0+{sent}x500", labels='worker="w",how="sent"') if sent else {})


def pool(in_use: int) -> dict[str, str]:
    """Connections in use of twenty: two processes that may use ten each."""
    return (
        gauge("petition_pool_connections", f"{in_use}{HOURS}")
        | gauge("petition_pool_size", f"10{HOURS}")
        | gauge("petition_web_processes", f"2{HOURS}")
    )


def disk(free: str, size: str) -> dict[str, str]:
    """Bytes."""
    return gauge("petition_disk_free_bytes", f"{free}{HOURS}") | gauge("petition_disk_size_bytes", f"{size}{HOURS}")


def level(name: str, raised: float, still: float, **more: Any) -> Case:
    """An alarm on a figure that every target has alike: of two targets one is enough to know."""
    return Case(more.pop("alarm"), gauge(name, f"{still}{HOURS}", f"{raised}{HOURS}"),
                gauge(name, f"{still}{HOURS}", f"{still}{HOURS}"), **more)  # fmt: skip


PARKED, GOING = 'state="parked",news="no"', 'state="sending",news="no"'
CASES = [
    Case("SiteDoesNotAnswer", gauge("up", f"0{HOURS}", f"0{HOURS}"), gauge("up", f"0{HOURS}", f"1{HOURS}")),
    Case("SiteDoesNotAnswer", {}, gauge("up", "1x27 0x1 1x90"), labels={"job": "petition"}),
    Case("ServerDoesNotAnswer", gauge("up", f"0{HOURS}", f"1{HOURS}"), gauge("up", f"1{HOURS}", f"1{HOURS}"),
         labels={"job": "petition", "instance": "one:8000"}),
    Case("DatabaseAway", gauge("petition_database_up", f"0{HOURS}", f"0{HOURS}"),
         gauge("petition_database_up", f"0{HOURS}", f"1{HOURS}")),
    level("petition_database_at_head", 0, 1, alarm="DatabaseNotMigrated"),
    Case("SigningFails", answers("sign", s303=f"0+96{HOURS}", s503=f"0+4{HOURS}"),
         answers("sign", s303=f"0+99{HOURS}", s503=f"0+1{HOURS}") | answers("pages", s503=f"0+99{HOURS}")),
    # From none to some, in one burst: the series is there beforehand, at nought.
    Case("MistakesOfOurs", answers("own", s500="0x25 9x95"), answers("own", s500="0x25 2x95"), labels={"kind": "own"}),
    Case("SigningSlow", times(90, 100), times(100, 100)),
    Case("PoolExhausted", pool(18), pool(17), labels={"job": "petition", "instance": "one:8000"}),
    Case("LimitsHit", gauge("petition_limits_hit_total", f"0+70{HOURS}", labels='kind="sign"'),
         gauge("petition_limits_hit_total", f"0+50{HOURS}", labels='kind="sign"'), labels={"kind": "sign"}),
    Case("ManyAtOneDomain", gauge("petition_crowd_signatures", "0x9 5000x90", "0x9 5000x90"),
         gauge("petition_crowd_signatures", f"0{HOURS}", f"0{HOURS}")),
    Case("NoWorker", gauge("petition_workers", f"0{HOURS}", f"0{HOURS}"), gauge("petition_workers", f"1{HOURS}")),
    level("petition_letter_oldest_seconds", 700, 500, alarm="LettersLate"),
    Case("LettersRefused", ended(3, 97, 21), ended(1, 99, 300)),
    # Three of four letters of a small site.
    Case("LettersRefused", ended(30, 10, 21), ended(30, 10, 3)),
    Case("LettersPutOff", put_off(40, 4000, "1"), put_off(40, 4000, "2"), at="7h"),
    Case("LettersPutOff", put_off(21, 3700, None), put_off(19, 3700, None), at="7h"),
    Case("LettersPutOff", put_off(40, 3700, None), put_off(40, 3500, None), at="7h"),
    Case("LettersParked", gauge("petition_letters", f"1{HOURS}", f"1{HOURS}", labels=PARKED),
         gauge("petition_letters", f"0{HOURS}", labels=PARKED) | gauge("petition_letters", f"9{HOURS}", labels=GOING)),
    level("petition_move_oldest_seconds", 700, 500, alarm="MovesNotNumbered"),
    level("petition_job_oldest_seconds", 1900, 1700, alarm="JobsStandStill"),
    level("petition_clock_difference_seconds", -40, -20, alarm="ClocksDiffer"),
    level("petition_clock_difference_seconds", 40, 20, alarm="ClocksDiffer"),
    Case("DiskNearlyFull", disk("0.9e9", "10e9"), disk("1.1e9", "10e9")),
    Case("DiskNearlyFull", disk("4e9", "100e9"), disk("6e9", "100e9")),
    Case("BackupOld", gauge("petition_backup_timestamp_seconds", "0x2000"),
         gauge("petition_backup_timestamp_seconds", "0x1499 90000x500"), at="28h"),
    Case("BackupOld", {}, gauge("petition_backup_timestamp_seconds", "0x2000"), at="2h"),
]  # fmt: skip


def promtool(*words: str | Path) -> str:
    """What it says; it must be content."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")
    done = subprocess.run([program, *words], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tried(case: Case, figures: dict[str, str], is_raised: bool) -> dict[str, Any]:
    """One test in promtool's words."""
    rule = RULES[case.alarm]
    summary = rule["annotations"]["summary"]
    summary = summary.replace("{{ $value }}", "5000")
    for name, value in case.labels.items():
        summary = summary.replace(f"{{{{ $labels.{name} }}}}", value)
    told = {"exp_labels": {**rule["labels"], **case.labels}, "exp_annotations": {"summary": summary}}
    return {
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in figures.items()],
        "alert_rule_test": [
            {"eval_time": case.at, "alertname": case.alarm, "exp_alerts": [told] if is_raised else []}
        ],
    }  # fmt: skip


def judged(folder: Path, *tests: dict[str, Any]) -> None:
    """Let promtool judge."""
    file = folder / "tried.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(ALARMS)], "evaluation_interval": "1m", "tests": list(tests)}))
    promtool("test", "rules", file)


def test_prometheus_reads_the_alarms() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", ALARMS)


def test_every_alarm_is_tried() -> None:
    assert {case.alarm for case in CASES} == RULES.keys()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.alarm)
def test_an_alarm_is_raised_by_what_it_is_for_and_by_nothing_close_to_it(case: Case, tmp_path: Path) -> None:
    judged(tmp_path, tried(case, case.raised, True), tried(case, case.still, False))
