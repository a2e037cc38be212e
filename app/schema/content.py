"""What an item shows: parts of text, conversation, image, audio or video, in order."""

from pathlib import PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import problem_lines

__all__ = ["ItemContent", "Message", "Part", "check_content"]

_Kind = Literal["text", "conversation", "image", "audio", "video"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(_Frozen):
    role: str = Field(min_length=1)
    content: str


class Part(_Frozen):
    """One thing to look at. Media lie below the media folder (`path`) or at an allowed host (`url`)."""

    name: str = Field(min_length=1, max_length=64)
    kind: _Kind
    title: str = ""
    text: str | None = None
    messages: tuple[Message, ...] | None = None
    path: str | None = None
    url: str | None = None
    alt: str = ""

    @model_validator(mode="after")
    def _check(self) -> "Part":
        if self.kind == "text" and self.text is None:
            raise ValueError(f"part {self.name!r}: a text part needs `text`")
        if self.kind == "conversation" and not self.messages:
            raise ValueError(f"part {self.name!r}: a conversation needs `messages`")
        if self.kind in ("image", "audio", "video"):
            if (self.path is None) == (self.url is None):
                raise ValueError(f"part {self.name!r}: {self.kind} needs either `path` or `url`")
            if self.path is not None:
                _check_path(self.path, self.name)
            if self.url is not None and not self.url.startswith(("https://", "http://")):
                raise ValueError(f"part {self.name!r}: url {self.url!r} is neither http nor https")
        return self


def _check_path(path: str, name: str) -> None:
    pure = PurePosixPath(path.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in path or "\x00" in path or not path.strip():
        raise ValueError(
            f"part {name!r}: path {path!r} must lie below the media folder: relative, without `..`"
        )


class ItemContent(_Frozen):
    parts: tuple[Part, ...] = Field(min_length=1, max_length=20)
    reference: str | None = None
    """A reference answer, for the judge; not shown to annotators."""
    context: str | None = None
    """Background that an answer must rest on; shown beside the item."""

    @model_validator(mode="after")
    def _check(self) -> "ItemContent":
        names = [part.name for part in self.parts]
        if len(set(names)) < len(names):
            raise ValueError(f"part names must be distinct, found {names}")
        return self


def check_content(content: dict[str, Any]) -> list[str]:
    """Problems of an item's content, as JSON; empty when there are none.

    A single plain text part, the most frequent content by far, is recognised without building models.
    """
    parts = content.get("parts")
    if content.keys() <= {"parts", "reference", "context"} and isinstance(parts, list) and len(parts) == 1:
        part = parts[0]
        plain = isinstance(part, dict) and part.keys() == {"name", "kind", "text"} and part["kind"] == "text"
        if plain and isinstance(part["text"], str) and part["name"] == "text":
            extra = (content.get("reference"), content.get("context"))
            if all(value is None or isinstance(value, str) for value in extra):
                return []
    try:
        ItemContent.model_validate(content)
    except ValidationError as error:
        return problem_lines(error)
    return []
