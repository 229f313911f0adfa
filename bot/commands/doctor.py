"""`boardwright doctor`: what is installed, what is missing, and what mends it."""

from __future__ import annotations

from bot.errors import ExitCode


def report() -> int:
    """Say what is installed and what is missing; ends with 3 where a run would fail."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from bot.console import PLAIN, output  # noqa: PLC0415
    from bot.doctor import REQUIRED, examine  # noqa: PLC0415

    console = output()
    findings = examine()
    table = Table("tool", "needed for", "version", **PLAIN)
    for finding in findings:
        required = finding.need in REQUIRED
        style = ("bold red" if required else "yellow") if finding.missing else "green"
        table.add_row(
            finding.name, finding.need.value, Text(finding.version or "missing", style=style)
        )
    console.print(table)
    missing = [finding for finding in findings if finding.missing]
    for remedy in dict.fromkeys(finding.remedy for finding in missing):
        names = ", ".join(finding.name for finding in missing if finding.remedy == remedy)
        console.print(f"{names}:", markup=False, highlight=False)
        console.print(f"    {remedy}", markup=False, highlight=False, soft_wrap=True)
    if any(finding.need in REQUIRED for finding in missing):
        return int(ExitCode.MACHINE)
    console.print("Everything that a run needs is there.")
    return int(ExitCode.DONE)
