"""From a stored answer to what the judge reads."""

from collections.abc import Mapping
from typing import Any

from judge import Submission
from judge.llm import Image

__all__ = ["full_text", "plain_text", "submission_of"]


def plain_text(content: Mapping[str, Any]) -> str:
    """The words of an item: its texts and conversations, one after the other, headed by their part's name."""
    blocks = []
    for part in content.get("parts", []):
        if part["kind"] == "text":
            body = part["text"]
        elif part["kind"] == "conversation":
            body = "\n".join(f"{message['role']}: {message['content']}" for message in part["messages"])
        else:
            body = part.get("alt") or f"({part['kind']})"
        blocks.append(body if len(content["parts"]) == 1 else f"{part.get('title') or part['name']}:\n{body}")
    return "\n\n".join(blocks)


def full_text(content: Mapping[str, Any]) -> str:
    """The words of an item and the background that an answer must rest on."""
    return "\n\n".join(filter(None, (plain_text(content), content.get("context"))))


def submission_of(
    id: str, response: str, content: Mapping[str, Any], images: tuple[Image, ...] = ()
) -> Submission:
    """One text answer with the item it answers; reference and context as the item has them."""
    return Submission(
        id=id,
        prompt=plain_text(content),
        response=response,
        reference=content.get("reference"),
        context=content.get("context"),
        images=images,
    )
