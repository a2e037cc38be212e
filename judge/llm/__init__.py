"""The one door to models: messages in, a typed outcome or a stream out. Imports nothing else of the judge."""

from judge.llm.errors import ModelError
from judge.llm.gateway import (
    Answered,
    Attempt,
    Failed,
    FailureKind,
    Finished,
    Gateway,
    Image,
    Message,
    Parameters,
    Text,
    TextPiece,
    Token,
    Usage,
)
from judge.llm.openai_gateway import OpenAIGateway
from judge.llm.pacer import Pacer
from judge.llm.scripted import ScriptedGateway

__all__ = [
    "Answered",
    "Attempt",
    "Failed",
    "FailureKind",
    "Finished",
    "Gateway",
    "Image",
    "Message",
    "ModelError",
    "OpenAIGateway",
    "Pacer",
    "Parameters",
    "ScriptedGateway",
    "Text",
    "TextPiece",
    "Token",
    "Usage",
]
