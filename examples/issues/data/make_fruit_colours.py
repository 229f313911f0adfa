"""Write fruit-colours.csv: synthetic raw counts of a colour sensor that looks at fruit.

No fruit was measured. Each kind has a mean hue, and each record some spread around it; the amount
of light differs by a factor of thirty, so that the counts say little and their ratios much.

    python make_fruit_colours.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

SEED = 7
RECORDS_PER_KIND = 100
# Shares of red, green and blue in the reflected light, and the concentration of their spread.
KINDS = {
    "apple": (0.54, 0.24, 0.22),
    "banana": (0.42, 0.37, 0.21),
    "orange": (0.52, 0.32, 0.16),
}
CONCENTRATION = 700.0
LIGHT_COUNTS = (200.0, 6000.0)  # sum over the channels, log-uniform


def main() -> None:
    """Draw the records and write them beside this file."""
    random = np.random.default_rng(SEED)
    lines = []
    for kind, shares in KINDS.items():
        for _ in range(RECORDS_PER_KIND):
            colour = random.dirichlet(np.multiply(shares, CONCENTRATION))
            light = np.exp(random.uniform(*np.log(LIGHT_COUNTS)))
            counts = random.poisson(colour * light)
            lines.append(f"{kind},{','.join(str(count) for count in counts)}\n")
    order = random.permutation(len(lines))
    text = "Fruit,Red,Green,Blue\n" + "".join(lines[index] for index in order)
    Path(__file__).with_name("fruit-colours.csv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
