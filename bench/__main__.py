"""Runs the measurements and prints one line for each: reached, limit, ratio, wanted."""

import argparse
import http.client
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg

from bench import desk, ground, growth, letters, seed
from bench.ground import Ground, Row, middle
from petition import migrating
from petition.app import create_app
from petition.base import crypto
from petition.web.context import form_token

ROUNDS = 3
SIGNING_ROUNDS = 7
SECONDS = 6
PAGE_ROUNDS = 5
PAGE_SECONDS = 2
#: So many of the slowest pages of the desk are named.
SLOWEST = 12
FEED = "/en/feed.xml"


def prepare(place: Ground) -> None:
    """A database with a campaign of 1,000 signatures and a large one."""
    place.use(place.database("bench"))
    app = create_app()
    with app.app_context():
        migrating.migrate()
        for slug, count in (("small", 1_000), ("large", place.size)):
            began = time.perf_counter()
            seed.campaign(slug, count)
            print(f"    made “{slug}” with {count:,} signatures in {time.perf_counter() - began:.0f} s", flush=True)
    two = place.database("limit")
    with psycopg.connect(two, autocommit=True) as connection:
        for table in ("one (id bigint PRIMARY KEY, ", "two (id bigint PRIMARY KEY, about bigint, "):
            connection.execute(f"CREATE TABLE {table} body bytea, at timestamptz DEFAULT now())")


def two_inserts(place: Ground) -> float:
    """The limit: two inserts of the same size and a commit, by pgbench at 16 clients."""
    url = place.server.replace("/postgres?", "/limit?")
    return ground.pgbench(url, ground.HERE / "two_inserts.sql", SECONDS)


def signing(place: Ground) -> list[Row]:
    """Signing with everything in it, small and large campaign in turn, the limit in the same rounds."""
    limits, slow = [], []
    rates: dict[str, list[float]] = {"small": [], "large": []}
    with ground.serving(place) as site:
        for slug in rates:
            ground.wrk(f"{site}/en/campaigns/{slug}", 2, script="sign.lua", TOKEN=_token(slug))
        for number in range(SIGNING_ROUNDS):
            limits.append(two_inserts(place))
            # Each comes first in turn: what runs later finds the disk busier.
            for slug, found in list(rates.items())[:: 1 if number % 2 else -1]:
                load = ground.wrk(f"{site}/en/campaigns/{slug}", SECONDS, script="sign.lua", TOKEN=_token(slug))
                assert not load.errors, f"{load.errors} errors while signing"
                found.append(load.rate)
                slow.append(load.p99)
    limit, small = middle(limits), middle(rates["small"])
    # The pair in the middle, as for pages.
    pairs = sorted(zip(rates["large"], rates["small"], strict=True), key=lambda one: one[0] / one[1])
    return [
        Row("signing, 1,000 signatures", small, limit, 0.20, f"p99 {middle(slow):.0f} ms (wanted < 40)"),
        Row("signing, the large campaign", *pairs[SIGNING_ROUNDS // 2], 0.95, "of the small one"),
    ]


def _token(slug: str) -> str:
    with create_app().app_context():
        reading = seed.campaigns.read(slug)
        assert reading is not None
        return form_token(reading, "en")


def confirming(place: Ground) -> list[Row]:
    """Pressing buttons on one campaign."""
    limits, rates = [], []
    with ground.serving(place) as site:
        for _ in range(ROUNDS):
            presses = place.folder / "presses"
            with create_app().app_context():
                reading = seed.campaigns.read("small")
                assert reading is not None
                presses.write_text("\n".join(seed.presses(reading, 12_000)) + "\n")
            limits.append(two_inserts(place))
            load = ground.wrk(site, 5, script="confirm.lua", PRESSES=str(presses))
            assert not load.errors, f"{load.errors} errors while confirming"
            assert load.rate * 5 < 12_000, "the presses ran out"
            rates.append(load.rate)
    return [Row("confirming on one campaign", middle(rates), middle(limits), 0.10)]


#: Public pages by name: what stands behind the site's address.
PAGES = {
    "campaign page, small": "/en/campaigns/small", "campaign page, large": "/en/campaigns/large",
    "signatories": "/en/campaigns/large/signatories", "signatories, a country": "/en/campaigns/large/signatories/IE",
    "front page": "/en/", "article": "/en/articles/article-1999", "topic page": "/en/topics/topic-1",
    "events": "/en/events/", "Atom feed": FEED, "embed, small": "/embed/en/campaigns/small",
    "embed, large": "/embed/en/campaigns/large/compact-dark", "badge, small": "/embed/en/campaigns/small/badge.svg",
    "badge, large": "/embed/en/campaigns/large/badge.svg",
    "totals, small": "/api/v1/campaigns/small/totals", "totals, large": "/api/v1/campaigns/large/totals",
    "totals as CSV, large": "/api/v1/campaigns/large/totals.csv", "series, large": "/api/v1/campaigns/large/series",
    "campaigns as JSON": "/api/v1/campaigns",
}  # fmt: skip


def reading_pages(place: Ground) -> list[Row]:
    """Public pages against nginx serving the same bytes, with 2,000 articles in the database."""
    with create_app().app_context():
        seed.news(2_000)
    static = place.folder / "static"
    static.mkdir(exist_ok=True)
    with ground.serving(place) as site, ground.nginx(place, static) as limit:
        _ask_again(site + FEED)
        found = _beside(static, limit, site, PAGES)
    return [
        Row(name, *pair, 0.45, f"of nginx, same {(static / f'{name}.html').stat().st_size:,} B")
        for name, pair in found.items()
    ]


def _beside(static: Path, limit: str, site: str, names: Iterable[str]) -> dict[str, tuple[float, float]]:
    """What a site and what nginx, serving the same bytes statically, answer in a second, by the page's name."""
    for name in names:
        (static / f"{name}.html").write_bytes(_body(site + PAGES[name]))
    pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _ in range(PAGE_ROUNDS):
        for name, found in pairs.items():
            most = ground.wrk(f"{limit}/{quote(name)}.html", PAGE_SECONDS).rate
            load = ground.wrk(site + PAGES[name], PAGE_SECONDS)
            assert not load.errors, f"{load.errors} errors while reading: {name}"
            found.append((load.rate, most))
    # The pair in the middle: each was measured within seconds, however the machine drifts.
    return {name: sorted(found, key=lambda pair: pair[0] / pair[1])[PAGE_ROUNDS // 2] for name, found in pairs.items()}


#: Those that other sites and programs ask for, and the page itself.
FRONT = ("campaign page, small", "campaign page, large", "embed, small", "embed, large", "badge, small", "badge, large",
         "totals, small", "totals, large")  # fmt: skip


def reading_behind_nginx(place: Ground) -> list[Row]:
    """The same bytes from nginx's cache, as the documented file keeps them, and statically."""
    static = place.folder / "static"
    static.mkdir(exist_ok=True)
    with ground.serving(place), ground.front(place) as site, ground.nginx(place, static) as limit:
        found = _beside(static, limit, site, FRONT)
    return [Row(f"{name}, behind nginx", *pair, 0.75) for name, pair in found.items()]


def _body(address: str) -> bytes:
    """What a browser gets, compressed."""
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})) as answer:
        return bytes(answer.read())


def _ask_again(address: str) -> None:
    """Whoever has a feed already must hear 304."""
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.netloc, timeout=10)
    connection.request("GET", where.path)
    first = connection.getresponse()
    first.read()
    connection.request("GET", where.path, headers={"If-None-Match": first.headers["ETag"]})
    again = connection.getresponse()
    assert (again.status, again.read()) == (304, b""), f"a feed answers {again.status}"
    connection.close()


def exporting(place: Ground) -> list[Row]:
    """The whole list as CSV, opened, by the command and in the background; a workbook of a quarter of it."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "petition", "export", "signatures", "large", str(place.folder / "list.csv"),
               "--reason", "bench", "--columns", "name,country,place,role,organisation,day"]  # fmt: skip
    subprocess.run(["/usr/bin/env", *command], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    with (place.folder / "list.csv").open("rb") as file:
        rows = sum(chunk.count(b"\r\n") for chunk in iter(lambda: file.read(1 << 20), b"")) - 1
    return [Row("CSV, rows a second", rows / seconds, 60_000, 1.0, f"{rows:,} rows"), *in_the_background()]


def in_the_background(on: str = "") -> list[Row]:
    """Long lists as the worker makes them: their speed, and the memory of the process that makes them."""
    found = []
    for form, countries, most in (("csv", [], 160), ("xlsx", list(seed.COUNTRIES[:3]), 200)):
        command = [sys.executable, "-m", "bench.taking", "large", form, *countries]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        rows, seconds, peak = int(said[-3]), float(said[-2]), float(said[-1])
        speed = f"{rows:,} rows in {seconds:.0f} s"
        if form == "csv":
            found.append(Row(f"CSV in the background{on}, rows a second", rows / seconds, 60_000, 1.0, speed))
        found.append(Row(f"{form.upper()} in the background{on}, memory", most / peak, 1, 1.0,
                         f"{peak:.0f} MB (wanted < {most}), {speed}"))  # fmt: skip
    return found


def starting(_place: Ground) -> list[Row]:
    """create_app in a fresh process, imports and all."""
    times = []
    for _ in range(5):
        code = (
            "import time; t = time.perf_counter(); from petition.app import create_app; create_app();"
            " print(time.perf_counter() - t)"
        )
        times.append(float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout))
    return [Row("create_app, 0.6 s over its time", 0.6 / middle(times), 1, 1.0, f"{middle(times):.2f} s")]


def writing(place: Ground) -> list[Row]:
    """Letters by one worker against smtplib alone, to the same sink: a mail server that reads what it is told. So many
    that a worker's first second does not count."""
    runs = [letters.measure(place.database(f"letters{number}"), 8_000, "aiosmtpd") for number in range(ROUNDS)]
    found = {name: middle([run[name] for run in runs]) for name in runs[0]}
    return [
        Row("letters by one worker", found["workers_1"], found["smtplib"], 0.7, "of smtplib alone"),
        Row("letters by two workers", found["workers_2"], found["workers_1"], 1.0, "of one worker"),
    ]


def organising(place: Ground) -> list[Row]:
    """The slowest page of the desk on both databases, and long lists on SQLite; last of all, for it points the
    settings at SQLite."""
    found = {"PostgreSQL": desk.measure()}
    place.use(f"sqlite:///{place.folder}/desk.db", WEB_PROCESSES="1")
    found["SQLite"] = desk.measure(place.size)
    slowest = {engine: one[0] for engine, one in found.items()}
    for engine, all_pages in found.items():
        print("\n".join(f"    {engine}: {ms:.0f} ms {path}" for path, ms in all_pages[:SLOWEST]), flush=True)
    pages = [
        Row(f"the desk's slowest page, {engine}", 200 / ms, 1, 1.0, f"{ms:.0f} ms: {path} (wanted < 200)")
        for engine, (path, ms) in slowest.items()
    ]
    return [*pages, *in_the_background(", SQLite")]


def growing(place: Ground) -> list[Row]:
    """What changes as a campaign grows, as a table; in databases of its own."""
    growth.measure(place)
    return []


MEASURES: dict[str, Callable[[Ground], list[Row]]] = {
    "start": starting, "sign": signing, "confirm": confirming, "pages": reading_pages, "front": reading_behind_nginx,
    "export": exporting, "letters": writing, "desk": organising, "growth": growing,
}  # fmt: skip


def main() -> None:
    """Run all measurements, or those named."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("what", nargs="*", choices=[[], *MEASURES], help="which measurements (default: all)")
    parser.add_argument("--size", type=int, default=1_000_000, help="signatures in the large campaign")
    chosen = parser.parse_args()
    ground.need("wrk", "nginx")
    with ground.ground() as place:
        place.size = chosen.size
        crypto.write(place.folder / "keys.json", crypto.with_new_key(None))
        if chosen.what != ["growth"]:
            prepare(place)
        for name in chosen.what or MEASURES:
            for row in MEASURES[name](place):
                print(row, flush=True)


if __name__ == "__main__":
    main()
