"""Which remarks ask for a network of another size, and which only seem to."""

from __future__ import annotations

import pytest

from bot.size import Size
from bot.work.sizes import wished_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("Make it smaller.", Size.SMALLER),
        ("Thanks! Could we have a SMALLER network, please?", Size.SMALLER),
        ("Please shrink the model", Size.SMALLER),
        ("Use the next larger one.", Size.LARGER),
        ("A bigger model is fine with me.", Size.LARGER),
        ("The image is larger than I thought.\nTry a smaller network.", Size.SMALLER),
        ("Why is it not smaller?", None),
        ("Don't make it smaller.", None),
        ("It must be smaller than 400 bytes.", None),
        ("Use smaller batches.", None),
        ("A larger learning rate would do.", None),
        ("Make it smaller. Or larger.", None),
        ("<!-- make it smaller -->Fine.", None),
        ("Fine.", None),
    ],
)
def test_only_a_plain_wish_counts(text: str, size: Size | None) -> None:
    assert wished_size(text) is size
