"""A runner of MLPerf Tiny, as the benchmark's public description has it: no code of ours is used.

Commands end in '%', lines in CR LF, an answer in `m-ready`. A sample goes over in pieces of 31
bytes. Performance is the median of five inputs, accuracy the share of samples whose largest result
is the right one.
Source: mlcommons/tiny, benchmark/runner and the reference firmware's help text.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from hardware_runner.console import Console

READY = "m-ready"
PIECE_BYTES = 31


@dataclass(frozen=True, slots=True)
class Device:
    name: str
    profile: str
    model: str


@dataclass(frozen=True, slots=True)
class Inference:
    """One answer to `infer`; `laps` are (unit, value), both or none."""

    results: tuple[float, ...]
    laps: tuple[tuple[str, int], ...]

    @property
    def elapsed(self) -> int:
        (_, begin), (_, end) = self.laps
        return end - begin


class Refused(Exception):
    """The device answered with an error."""


class Runner:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._console.timeout = 10.0

    def lines(self) -> list[str]:
        """Return the lines up to the next `m-ready`, which is left out."""
        said = bytearray()
        while not said.endswith(f"{READY}\r\n".encode()):
            byte = self._console.read(1)
            assert byte, f"no end of this answer: {bytes(said)!r}"
            said += byte
        return said.decode("ascii").split("\r\n")[:-2]

    def command(self, text: str) -> list[str]:
        self._console.write(f"{text}%".encode())
        lines = self.lines()
        for line in lines:
            if error := re.fullmatch(r"e-\[(.*)\]", line):
                raise Refused(error[1])
        return lines

    def identify(self) -> Device:
        told = "\n".join([*self.command("name"), *self.command("profile")])
        name, profile, model = (
            re.search(rf"^m-{key}-\[([^]]+)\]$", told, re.MULTILINE)
            for key in ("name-dut", "profile", "model")
        )
        assert name, told
        assert profile, told
        assert model, told
        return Device(name[1], profile[1], model[1])

    def load(self, sample: bytes) -> None:
        assert self.command(f"db load {len(sample)}") == [f"m-[Expecting {len(sample)} bytes]"]
        for at in range(0, len(sample), PIECE_BYTES):
            said = self.command(f"db {sample[at : at + PIECE_BYTES].hex()}")
            assert said == (["m-load-done"] if at + PIECE_BYTES >= len(sample) else [])

    def infer(self, times: int, warmups: int) -> Inference:
        lines = self.command(f"infer {times} {warmups}")
        laps = tuple(
            (lap[1], int(lap[2]))
            for line in lines
            if (lap := re.match(r"m-lap-(\w+)-(\d+)$", line))
        )
        steps = [line for line in lines if not line.startswith(("m-lap", "m-results"))]
        assert steps == [
            f"m-warmup-start-{warmups}",
            "m-warmup-done",
            f"m-infer-start-{times}",
            "m-infer-done",
        ]
        (results,) = (line for line in lines if line.startswith("m-results-["))
        numbers = results.removeprefix("m-results-[").removesuffix("]").split(",")
        return Inference(tuple(map(float, numbers)), laps)

    def performance(self, samples: Sequence[bytes], times: int, warmups: int = 1) -> float:
        """Return inferences for each unit of the device's laps, the median of five inputs."""
        assert len(samples) == 5
        rates = []
        for sample in samples:
            self.load(sample)
            rates.append(times / self.infer(times, warmups).elapsed)
        return statistics.median(rates)

    def accuracy(self, samples: Sequence[bytes], labels: Sequence[int]) -> float:
        right = 0
        for sample, label in zip(samples, labels, strict=True):
            self.load(sample)
            results = self.infer(1, 0).results
            right += results.index(max(results)) == label
        return right / len(samples)
