"""Media of items: from the media folder only, to people who may see the item only."""

import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.errors import Invalid, NotFound, TooLarge
from app.services import policy
from app.services.context import Actor, Context
from db.engine import reading
from db.store import items, leases
from judge.llm import Image

__all__ = ["images_of", "media_file", "media_url", "store_upload"]

_KINDS = ("image/", "audio/", "video/")
_LARGEST_FOR_MODEL = 8 * 2**20


def _part(ctx: Context, actor: Actor, item_id: int, part_name: str) -> Mapping[str, Any]:
    with reading(ctx.engine) as session:
        item = items.item_by_id(session, item_id)
        if item is None:
            raise NotFound(f"no item {item_id}")
        if actor.user_id is None or leases.lease_of(session, item_id, actor.user_id) is None:
            policy.require(session, actor, item.project_id, "read_all")
    for part in item.content["parts"]:
        if part["name"] == part_name:
            return dict(part)
    raise NotFound(f"item {item_id} has no part {part_name!r}")


def media_url(ctx: Context, actor: Actor, item_id: int, part_name: str) -> str | None:
    """The outside address of an item's part, None for one that lies in the media folder.

    Raises NotFound for an item that the actor may not see.
    """
    url = _part(ctx, actor, item_id, part_name).get("url")
    return str(url) if url else None


def media_file(ctx: Context, actor: Actor, item_id: int, part_name: str) -> tuple[Path, str]:
    """The file of an item's part and its media type.

    Raises NotFound for an item that the actor may not see, a part without a file, and a path that leads out of
    the media folder, also by a symbolic link.
    """
    path = _part(ctx, actor, item_id, part_name).get("path")
    if not path:
        raise NotFound(f"item {item_id} has no file {part_name!r}")
    return _confined(ctx, str(path))


def _confined(ctx: Context, relative: str) -> tuple[Path, str]:
    root = ctx.settings.media_dir
    path = (root / relative).resolve()
    if not path.is_relative_to(root.resolve()) or not path.is_file():
        raise NotFound(f"there is no file {relative!r} in the media folder")
    kind = mimetypes.guess_type(path.name)[0] or ""
    if not kind.startswith(_KINDS) or kind == "image/svg+xml":
        # An SVG can carry scripts, and this server's origin would run them.
        raise NotFound(f"{relative!r} is no image, audio or video that can be shown")
    return path, kind


def images_of(ctx: Context, content: Mapping[str, Any]) -> tuple[Image, ...]:
    """The item's images as bytes, for a model; missing and very large ones are left out."""
    images = []
    for part in content["parts"]:
        if part["kind"] == "image" and part.get("path"):
            try:
                path, kind = _confined(ctx, part["path"])
            except NotFound:
                continue
            if path.stat().st_size <= _LARGEST_FOR_MODEL:
                images.append(Image(kind, path.read_bytes()))
    return tuple(images)


def store_upload(ctx: Context, actor: Actor, project_id: int, name: str, data: bytes) -> str:
    """Keep an uploaded medium; returns the path that an item can name. The same bytes are kept once."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "configure")
    limit = ctx.settings.max_upload_mb * 2**20
    if len(data) > limit:
        raise TooLarge(
            f"{name!r} has {len(data) / 2**20:.1f} MB; uploads may have {ctx.settings.max_upload_mb} MB"
        )
    kind = mimetypes.guess_type(name)[0] or ""
    if not kind.startswith(_KINDS) or kind == "image/svg+xml":
        raise Invalid(f"{name!r} is no image, audio or video by its name")
    relative = f"project-{project_id}/{hashlib.sha256(data).hexdigest()[:32]}{Path(name).suffix.lower()}"
    target = ctx.settings.media_dir / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(target.suffix + ".part")
    temporary.write_bytes(data)
    temporary.replace(target)
    return relative
