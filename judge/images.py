"""Pictures that come with a submission, as data URIs or as files beside it."""

import base64
import binascii
from pathlib import Path
from typing import Final

from judge.errors import BadSubmission
from judge.llm import Image

__all__ = ["read_image"]

_TYPES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_LARGEST = 20 * 2**20


def read_image(source: object, folder: Path | None) -> Image:
    """A picture from `data:image/png;base64,…`, or from a file inside `folder`. Raises BadSubmission."""
    if not isinstance(source, str):
        raise BadSubmission("images: one is no text")
    if source.startswith("data:"):
        head, _, body = source.partition(",")
        media_type = head.removeprefix("data:").removesuffix(";base64")
        if media_type not in _TYPES.values() or not head.endswith(";base64"):
            raise BadSubmission(
                f"images: {head[:40]!r} is none of {', '.join(sorted(set(_TYPES.values())))} in base64"
            )
        try:
            return Image(media_type, base64.b64decode(body, validate=True))
        except binascii.Error as error:
            raise BadSubmission(f"images: not base64: {error}") from error
    if folder is None:
        raise BadSubmission("images: only data URIs are read from this door")
    path = (folder / source).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise BadSubmission(f"images: {source!r} lies outside the folder of the file")
    if path.suffix.lower() not in _TYPES:
        raise BadSubmission(f"images: {source!r} is none of {', '.join(sorted(_TYPES))}")
    try:
        if path.stat().st_size > _LARGEST:
            raise BadSubmission(f"images: {source!r} is larger than {_LARGEST // 2**20} MB")
        return Image(_TYPES[path.suffix.lower()], path.read_bytes())
    except OSError as error:
        raise BadSubmission(f"images: {source!r} cannot be read: {error.strerror}") from error
