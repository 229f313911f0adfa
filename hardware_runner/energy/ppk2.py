"""PPK2: Nordic's Power Profiler Kit II, in the board's supply, with the marking pin at its D0.

Source: ppk2_api 0.9.2, `PPK2_API`; Nordic, "Power Profiler Kit II", logic port.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from hardware_runner.bench import Meter, Usb
from hardware_runner.consoles.ports import ListPorts, find_port, list_serial_ports
from hardware_runner.energy.meter import Recording
from hardware_runner.energy.ppk2_words import (
    HERTZ,
    Calibration,
    amperes,
    counter,
    first_gap,
    marked,
    whole_words,
)
from hardware_runner.errors import BoardTrouble, ToolMissing

VENDOR, PRODUCT = "1915", "c00a"
_PIECE_S = 0.05
_HELD_PIECES = 20_000  # some 80 MB: the reader is that far ahead at most
_TRIES = 3
_END_S = 5.0


def open_api(path: str) -> Any:
    """Open the instrument with its package.

    Raises:
        ToolMissing: the package is not installed.
        OSError: the port does not open.
    """
    try:
        package = import_module("ppk2_api.ppk2_api")
    except ImportError as error:
        raise ToolMissing(
            "The PPK2's package is not installed: pip install 'boardwright[bench]'"
        ) from error
    return package.PPK2_API(path, timeout=1, write_timeout=1, exclusive=True)


@dataclass(frozen=True, slots=True)
class Ppk2:
    """One instrument, by its serial number."""

    meter: Meter
    ports: ListPorts = list_serial_ports
    open_api: Callable[[str], Any] = open_api
    sleep: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        """Return what the report calls it."""
        how = "source meter" if self.meter.mode == "source" else "ampere meter"
        return f"PPK2 as {how}, {HERTZ:,.0f} samples a second"

    def supply(self) -> None:
        """Feed the board, or close its supply; it stays so.

        Raises:
            BoardTrouble, ToolMissing.
        """
        with self._opened() as api:
            if self.meter.mode == "source":
                api.use_source_meter()
                api.set_source_voltage(self.meter.millivolts)
            else:
                api.use_ampere_meter()
            api.toggle_DUT_power("ON")

    @contextlib.contextmanager
    def record(self) -> Iterator[Iterator[Recording]]:
        """Record while the context lasts; needs `supply` before.

        The iterator ends with the context, or with the first sample that was lost: what would
        follow has no time axis.

        Raises:
            BoardTrouble, ToolMissing.
        """
        with self._opened() as api:
            volts = self.meter.millivolts / 1000
            api.current_vdd = self.meter.millivolts  # as it was set by `supply`
            calibration = Calibration.of(api.modifiers, volts)
            pieces: queue.Queue[bytes] = queue.Queue(_HELD_PIECES)
            done = threading.Event()
            reader = threading.Thread(
                target=_read, args=(api, pieces, done, self.sleep), daemon=True, name="ppk2"
            )
            api.start_measuring()
            reader.start()
            try:
                yield _recordings(pieces, done, calibration)
            finally:
                done.set()
                reader.join(_END_S)
                api.stop_measuring()

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Any]:
        at = Usb(vendor=VENDOR, product=PRODUCT, serial=self.meter.serial)
        port = find_port(at, ports=self.ports)
        try:
            api = self.open_api(port.path)
        except OSError as error:
            raise BoardTrouble(
                f"The PPK2 at {port.path} does not open: {error}. Close nRF Connect's Power "
                "Profiler; `boardwright bench doctor` tells about rights."
            ) from error
        try:
            self._calibrate(api, port.path)
            yield api
        except OSError as error:
            raise BoardTrouble(f"The PPK2 at {port.path} was lost: {error}.") from error
        finally:
            with contextlib.suppress(OSError):
                api.ser.close()

    def _calibrate(self, api: Any, path: str) -> None:
        for _ in range(_TRIES):
            api.stop_measuring()  # somebody may have left it measuring
            self.sleep(_PIECE_S)
            with contextlib.suppress(UnicodeDecodeError, AttributeError):
                api.ser.reset_input_buffer()
                if api.get_modifiers():
                    return
        raise BoardTrouble(
            f"The PPK2 at {path} does not tell its calibration: unplug it and plug it in again."
        )


def _read(
    api: Any, pieces: queue.Queue[bytes], done: threading.Event, sleep: Callable[[float], None]
) -> None:
    """Keep the line empty, for the instrument holds nothing back; converting is others' work."""
    while not done.is_set():
        try:
            data = api.get_data()
            if data:
                pieces.put_nowait(data)
            else:
                sleep(0.001)
        except (OSError, queue.Full):  # what follows has no time axis
            return


def _recordings(
    pieces: queue.Queue[bytes], done: threading.Event, calibration: Calibration
) -> Iterator[Recording]:
    rest, last = b"", None
    while True:
        over = done.is_set()
        data = rest + _waiting(pieces)
        words, rest = whole_words(data)
        gap = first_gap(words, last)
        words = words[:gap]
        if len(words):
            last = counter(words)
        # Also an empty piece is one: whoever waits for the end of the recording looks then.
        currents = amperes(words, calibration) if len(words) else np.empty(0)
        yield Recording(currents, marked(words), HERTZ, calibration.volts)
        if gap is not None or (over and pieces.empty()):
            return


def _waiting(pieces: queue.Queue[bytes]) -> bytes:
    taken = []
    with contextlib.suppress(queue.Empty):
        taken.append(pieces.get(timeout=_PIECE_S))
        while True:
            taken.append(pieces.get_nowait())
    return b"".join(taken)
