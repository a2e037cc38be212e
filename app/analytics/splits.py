"""Which part of gold an item belongs to."""

from typing import Literal

__all__ = ["Split", "split_of"]

Split = Literal["train", "dev", "test"]

_TRAIN, _DEV = 0.4, 0.3


def split_of(content_hash: str) -> Split:
    """40 % train, 30 % dev, 30 % test, by the hash of the content: equal contents never stand on both sides.

    `content_hash` is hexadecimal, at least eight digits.
    """
    share = int(content_hash[:8], 16) / 16**8
    if share < _TRAIN:
        return "train"
    return "dev" if share < _TRAIN + _DEV else "test"
