"""How fast deliveries are acknowledged: `make bench-service`.

Starts a real server on loopback, with SQLite, and with PostgreSQL where it is installed. Deliveries
come from the same machine, so that making them counts against the figures.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from tests.bot.service.load import deliver_many
from tests.bot.service.server import serving, stored_deliveries
from tests.postgres import cluster


def main() -> None:
    """Measure each database, and print one line for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(
        f"{options.deliveries} deliveries over {options.connections} connections, "
        f"{os.cpu_count()} processors, load {load:.1f} before"
    )
    print(
        "database    a second   p50 ms   p99 ms   max ms   CPU ms each   memory MiB   lost   twice"
    )
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as folder:
        if options.only != "postgres":
            url = f"sqlite:///{folder}/jobs.sqlite"
            _measure("SQLite", url, Path(folder, "sqlite"), options)
        if options.only != "sqlite":
            try:
                with cluster() as server:
                    _measure("PostgreSQL", server.fresh(), Path(folder, "postgres"), options)
            except FileNotFoundError as error:
                print(f"PostgreSQL  not measured: {error}")


def _measure(name: str, url: str, folder: Path, options: argparse.Namespace) -> None:
    with serving(url, folder) as server:
        deliver_many(server.port, 50, options.connections, seed=2)  # the first ones load modules
        before = server.processor_s
        measured = deliver_many(server.port, options.deliveries, options.connections)
        each_ms = 1000 * (server.processor_s - before) / options.deliveries
        memory = server.peak_memory_mib
    stored = [one for one in stored_deliveries(url) if one.startswith("1-")]
    lost = len(measured.acknowledged - set(stored))
    twice = len(stored) - len(set(stored))
    p50, p99, slowest = (measured.percentile_ms(percent) for percent in (50, 99, 100))
    rate = options.deliveries / measured.took_s
    print(
        f"{name:<10}{rate:>8.0f}{p50:>9.1f}{p99:>9.1f}{slowest:>9.1f}{each_ms:>14.2f}{memory:>13.0f}"
        f"{lost:>7}{twice:>8}   answers {dict(sorted(measured.answers.items()))}",
        flush=True,
    )


if __name__ == "__main__":
    main()
