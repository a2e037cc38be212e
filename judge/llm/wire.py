"""One request on the wire: strict on the way out, every kind of non-answer told apart on the way in."""

import json
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, TypeVar

import instructor
import openai
from openai import AsyncOpenAI, RequestOptions
from openai.types.chat import ChatCompletion, ChatCompletionMessageFunctionToolCall
from openai.types.chat.chat_completion_message_function_tool_call import Function
from openai.types.chat.chat_completion_token_logprob import ChatCompletionTokenLogprob
from pydantic import BaseModel, ValidationError

from judge.llm.gateway import Attempt, FailureKind, Image, Message, Token, Usage

__all__ = [
    "LONGEST_DETAIL",
    "NotWorthRepeatingError",
    "OverloadedError",
    "Trace",
    "guarded",
    "make_strict",
    "read",
    "short",
    "to_wire",
    "words_of",
]

T = TypeVar("T", bound=BaseModel)

LONGEST_DETAIL = 500
_SHUT = frozenset({401, 402, 403, 404})
"""Key, money or model: every other request would be answered the same."""
_TRY_AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504, 529})


class NotWorthRepeatingError(Exception):
    """A reply that asking again will not change: refused, filtered or an error in place of a completion.

    Raised inside the patched call so that instructor does not ask again; 1 request instead of 4.
    """

    def __init__(self, kind: FailureKind, detail: str, raw: str | None = None, *, shut: bool = False) -> None:
        self.kind: FailureKind = kind
        self.detail = detail
        self.raw = raw
        self.shut = shut
        super().__init__(detail)


class OverloadedError(Exception):
    """The endpoint asked for time, or broke off; worth another try after a wait."""

    def __init__(self, detail: str, after: float | None) -> None:
        self.detail = detail
        self.after = after
        super().__init__(detail)


@dataclass(slots=True)
class Trace:
    """What one request of ours cost on the wire, attempt by attempt."""

    attempts: list[Attempt] = field(default_factory=list)
    model: str = ""
    fingerprint: str = ""
    """What the provider says of its own configuration; empty where it says nothing."""
    form: str = ""
    """How the reply's shape was asked for when it was given."""
    raw: str | None = None
    tokens: tuple[Token, ...] | None = None
    """The reply token by token with its log-probability; None where the endpoint gives none."""

    @property
    def usage(self) -> Usage | None:
        reported = [attempt.usage for attempt in self.attempts if attempt.usage]
        return sum(reported[1:], reported[0]) if reported else None

    def last_was_invalid(self) -> None:
        """The last reply arrived and was not of the wanted shape, which only shows when it is read."""
        if self.attempts:
            last = self.attempts[-1]
            self.attempts[-1] = Attempt("invalid", last.seconds, last.usage, "not of the wanted shape")


async def guarded(client: AsyncOpenAI, mode: instructor.Mode, trace: Trace, **body: Any) -> ChatCompletion:
    """One request on the wire; every kind of non-answer is told apart on the way in.

    `body` is what is sent, with `timeout` (seconds) beside it. The SDK's own method would walk through messages and
    schema part by part to rename what has no other name here: that takes as long as all the rest of a request.
    """
    options: RequestOptions = {"timeout": body.pop("timeout")}
    started = time.monotonic()

    def note(outcome: Any, usage: Usage | None = None, detail: str = "") -> None:
        trace.attempts.append(Attempt(outcome, time.monotonic() - started, usage, detail[:LONGEST_DETAIL]))

    try:
        completion = await client.post(
            "/chat/completions", cast_to=ChatCompletion, body=body, options=options
        )
    except openai.BadRequestError as error:
        note("unavailable", detail=words_of(error))
        raise
    except openai.APIStatusError as error:
        note("unavailable", detail=words_of(error))
        if error.status_code in _TRY_AGAIN and getattr(error, "code", None) != "insufficient_quota":
            raise OverloadedError(words_of(error), _retry_after(error)) from error
        shut = error.status_code in _SHUT or getattr(error, "code", None) == "insufficient_quota"
        raise NotWorthRepeatingError("unavailable", words_of(error), shut=shut) from error
    except (openai.APIConnectionError, OSError, TimeoutError) as error:
        note("unavailable", detail=short(error))
        raise OverloadedError(short(error), None) from error
    except (json.JSONDecodeError, openai.APIResponseValidationError) as error:
        note("invalid", detail="the endpoint did not answer with JSON")
        raise NotWorthRepeatingError("unavailable", "the endpoint did not answer with JSON") from error
    if (
        not isinstance(completion, ChatCompletion)
        or not completion.choices
        or not completion.choices[0].message
    ):
        detail = f"an answer without a completion: {short(completion)}"
        note("unavailable", detail=detail)
        raise NotWorthRepeatingError("unavailable", detail)
    usage = None
    if completion.usage:
        usage = Usage(completion.usage.prompt_tokens or 0, completion.usage.completion_tokens or 0)
    choice = completion.choices[0]
    trace.model = completion.model or trace.model
    trace.fingerprint = completion.system_fingerprint or ""
    trace.raw = _raw(completion)
    given = choice.logprobs.content if choice.logprobs else None
    trace.tokens = tuple(map(_token, given)) if given else None
    if choice.finish_reason == "content_filter":
        note("filtered", usage)
        raise NotWorthRepeatingError("filtered", "the provider's content filter cut the reply", trace.raw)
    if choice.message.refusal:
        note("refused", usage, choice.message.refusal)
        raise NotWorthRepeatingError(
            "refused", choice.message.refusal[:LONGEST_DETAIL], choice.message.refusal
        )
    _normalise(choice.message, mode, body)
    note("truncated" if choice.finish_reason == "length" else "ok", usage)
    return completion


def read(completion: ChatCompletion, mode: instructor.Mode, reply: type[T]) -> T | None:
    """The reply, when it is of the wanted shape; judged as instructor does, and None for whatever it has to look into."""
    choice = completion.choices[0]
    text = choice.message.content
    if mode is instructor.Mode.TOOLS:
        called = choice.message.tool_calls
        text = called[0].function.arguments if called and called[0].type == "function" else None
    if not text or choice.finish_reason == "length":
        return None
    try:
        return reply.model_validate_json(text, strict=True)
    except ValidationError:
        return None


def _token(entry: ChatCompletionTokenLogprob) -> Token:
    others = tuple((other.token, other.logprob) for other in entry.top_logprobs or ())
    return Token(entry.token, entry.logprob, others)


def make_strict(kwargs: dict[str, Any]) -> None:
    """Ask the endpoint to keep to the schema; instructor has the argument and does not send it."""
    response_format = kwargs.get("response_format")
    if isinstance(response_format, dict) and "json_schema" in response_format:
        response_format["json_schema"]["strict"] = True
        _close_objects(response_format["json_schema"].get("schema", {}))
    for tool in kwargs.get("tools") or ():
        if "function" in tool:
            tool["function"]["strict"] = True
            _close_objects(tool["function"].get("parameters", {}))


def _close_objects(schema: Any) -> None:
    # Strict mode wants every object closed and every property required.
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            schema["additionalProperties"] = False
            schema["required"] = list(schema["properties"])
        schema.pop("default", None)
        for value in schema.values():
            _close_objects(value)
    elif isinstance(schema, list):
        for value in schema:
            _close_objects(value)


def _normalise(message: Any, mode: instructor.Mode, body: dict[str, Any]) -> None:
    """Lift a JSON reply out of a code fence, and into the tool call where one was wanted."""
    content = message.content or ""
    stripped = content.strip()
    if stripped.startswith("```"):
        stripped = stripped.strip("`").removeprefix("json").strip()
        if mode is not instructor.Mode.MD_JSON:
            message.content = stripped
    if mode is instructor.Mode.TOOLS and not message.tool_calls and stripped.startswith("{"):
        name = body["tools"][0]["function"]["name"]
        message.tool_calls = [
            ChatCompletionMessageFunctionToolCall(
                id="lifted", type="function", function=Function(name=name, arguments=stripped)
            )
        ]
        message.content = None


def _raw(completion: ChatCompletion) -> str:
    message = completion.choices[0].message
    if message.tool_calls:
        return "\n".join(getattr(call, "function", call).arguments for call in message.tool_calls)  # type: ignore[union-attr]
    return message.content or ""


def _retry_after(error: openai.APIStatusError) -> float | None:
    value = error.response.headers.get("retry-after")
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None


def words_of(error: openai.APIError) -> str:
    """The provider's words without the request around them."""
    status = f"{error.status_code} " if isinstance(error, openai.APIStatusError) else ""
    body = error.body
    text = body.get("message") if isinstance(body, dict) else None
    return f"{status}{text or error.message}"[:LONGEST_DETAIL]


def short(value: object) -> str:
    return f"{type(value).__name__}: {value}"[:LONGEST_DETAIL]


def to_wire(message: Message) -> dict[str, Any]:
    if all(not isinstance(part, Image) for part in message.parts):
        return {"role": message.role, "content": message.text}
    content: list[dict[str, Any]] = []
    for part in message.parts:
        if isinstance(part, Image):
            url = f"data:{part.media_type};base64,{b64encode(part.data).decode()}"
            content.append({"type": "image_url", "image_url": {"url": url}})
        else:
            content.append({"type": "text", "text": part.text})
    return {"role": message.role, "content": content}
