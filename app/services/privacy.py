"""What a project wants hidden from models, on the way to them."""

from collections.abc import Sequence

from app.agents.masked_gateway import MaskedGateway, hidden_messages
from app.agents.masking import Mask
from app.services.arms import workplace_of
from app.services.context import Context
from db.records import ProjectRecord
from judge.llm import Gateway, Message

__all__ = ["private_gateway", "private_messages"]


def private_gateway(ctx: Context, project: ProjectRecord) -> Gateway | None:
    """The way to the model for one conversation about one item, personal data hidden as the project wants it.

    None without an endpoint. Make a new one for each item: two people's addresses must not share a mark.
    """
    kinds = workplace_of(project).mask
    if ctx.gateway is None or not kinds:
        return ctx.gateway
    return MaskedGateway(ctx.gateway, Mask(kinds))


def private_messages(project: ProjectRecord, messages: Sequence[Message]) -> list[Message]:
    """Messages about one item as the project's way to the model would send them."""
    return hidden_messages(Mask(workplace_of(project).mask), messages)
