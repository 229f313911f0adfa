"""Bench: the boards of one host, as bench.toml describes them.

    schema_version = 1
    name = "attic"                     # the runner's label is boardwright-attic
    reservation = "flock"              # or "labgrid://host:20408"

    [[place]]
    name = "left"                      # unique on the bench
    board = "nucleo-f446re"            # a board of `boardwright boards`
    flasher = "openocd"                # a module of hardware_runner/tools/
    probe = {vendor = "0483", product = "374b", serial = "066CFF5"}
    console = {kind = "serial", vendor = "0483", product = "374b", serial = "066CFF5"}
    power = {kind = "uhubctl", location = "1-1.4", port = 2, proven = 2026-11-21}
    meter = {kind = "ppk2", serial = "D7E91A"}

An emulated board needs `name`, `board` and `flasher = "qemu"` alone.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"
Name = Annotated[str, Field(pattern=NAME)]
HexId = Annotated[str, Field(pattern=r"^[0-9a-f]{4}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Usb(_Frozen):
    """A device on USB: known by vendor, product and serial number, never by its path.

    `location` (such as "1-1.4.2") tells apart devices that have no serial number of their own.
    """

    vendor: HexId
    product: HexId
    serial: str = ""
    location: str = ""


class SerialConsole(Usb):
    """A serial port of a USB device; `interface` where it has several."""

    kind: Literal["serial"] = "serial"
    interface: int | None = None
    baud: int = Field(default=115_200, ge=1_200, le=4_000_000)


class NetworkConsole(_Frozen):
    """A line over the network, `host:port`: RFC 2217, or bytes over TCP."""

    kind: Literal["rfc2217", "tcp"]
    address: str = Field(pattern=r"^\S+:\d{1,5}$")
    baud: int = Field(default=115_200, ge=1_200, le=4_000_000)


class TerminalConsole(_Frozen):
    """A terminal of this host, such as an emulator's."""

    kind: Literal["pty"]
    path: str


ConsoleAt = Annotated[SerialConsole | NetworkConsole | TerminalConsole, Field(discriminator="kind")]


class HubPower(_Frozen):
    """A port of a hub that uhubctl switches; used only where `proven` says that power goes."""

    kind: Literal["uhubctl"]
    location: str = Field(pattern=r"^[0-9]+(-[0-9]+(\.[0-9]+)*)?$")
    port: int = Field(ge=1, le=32)
    proven: date | None = None


class Meter(_Frozen):
    """An instrument in the board's supply."""

    kind: Literal["ppk2"]
    serial: str
    mode: Literal["source", "ampere"] = "source"  # it feeds the board, or stands in its supply
    millivolts: int = Field(default=3_300, ge=800, le=5_000)


class Place(_Frozen):
    """One board on the bench, with what belongs to it."""

    name: Name
    board: str
    flasher: str
    probe: Usb | None = None
    console: ConsoleAt | None = None
    power: HubPower | None = None
    meter: Meter | None = None
    tags: tuple[str, ...] = ()


class Bench(_Frozen):
    """All boards of one host."""

    schema_version: Literal[1] = 1
    name: Name
    reservation: str = Field(default="flock", pattern=r"^(flock|labgrid://\S+:\d{1,5})$")
    places: tuple[Place, ...] = Field(default=(), alias="place")
