"""The image's name changes with what is installed in it, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Infrastructure
from bot.sandbox import image
from bot.sandbox.image import image_name

CHECKOUT = Path(__file__).parents[3]
LOCK = "requirements.lock"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the files that the image is made from, taken for the checkout."""
    for name in ("Dockerfile", LOCK, "scripts/sandbox_requirements.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((CHECKOUT / name).read_bytes())
    monkeypatch.setattr(image, "PACKAGE_ROOT", tmp_path)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_packages_that_are_not_in_it_leave_its_name(checkout: Path) -> None:
    before = image_name()
    replace(checkout / LOCK, "\nopenai==", "\nopenai==1")
    replace(checkout / LOCK, "    # via\n", "    # via\n    #   somebody-new\n")
    assert image_name() == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (LOCK, "\nkeras==", "\nkeras==1"),
        (LOCK, "\nwrapt==", "\nwrapt==1"),  # by way of TensorFlow
        ("Dockerfile", "gcc-arm-none-eabi", "gcc-arm-none-eabi gdb"),
        ("scripts/sandbox_requirements.py", '"pyelftools", ', ""),  # nothing else wants it
    ],
)
def test_whatever_is_in_it_changes_its_name(checkout: Path, name: str, old: str, new: str) -> None:
    before = image_name()
    replace(checkout / name, old, new)
    assert image_name() != before


def test_without_a_checkout_the_cure_is_named(checkout: Path) -> None:
    (checkout / "Dockerfile").unlink()
    with pytest.raises(Infrastructure, match="clone the repository"):
        image_name()


def test_what_comes_behind_the_sandbox_leaves_its_name(checkout: Path) -> None:
    before = image_name()
    replace(checkout / "Dockerfile", "AS service", "AS service\nRUN true")
    replace(checkout / "Dockerfile", "# The service:", "# Another remark:")
    assert image_name() == before
