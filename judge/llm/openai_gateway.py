"""Any OpenAI-compatible endpoint, with the guards that the SDKs lack.

openai and instructor do the wire and the parsing. What they get wrong, measured, is mended here: `strict` is
never sent; refusals and filtered replies are asked again and their text is lost; usage is summed over
attempts; retries wait without jitter and in a herd; the reply model is wrapped anew for each call. `context=`
is never passed: it would render every message, judged text included, as a template.
"""

import asyncio
import json
import random
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import instructor
import openai
from instructor.core.exceptions import IncompleteOutputException, InstructorRetryException
from openai import AsyncOpenAI, DefaultAioHttpClient
from openai.types.chat import ChatCompletion, ChatCompletionMessageFunctionToolCall
from openai.types.chat.chat_completion_message_function_tool_call import Function
from pydantic import BaseModel, ValidationError

from judge.llm.errors import ModelError
from judge.llm.gateway import (
    Answered,
    Attempt,
    Failed,
    FailureKind,
    Finished,
    Image,
    Message,
    Parameters,
    TextPiece,
    Usage,
)

__all__ = ["OpenAIGateway"]

T = TypeVar("T", bound=BaseModel)

_MODES = (instructor.Mode.JSON_SCHEMA, instructor.Mode.TOOLS, instructor.Mode.MD_JSON)
"""Tried in this order until the endpoint accepts one; the first that works is remembered."""
_TRY_AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_LONGEST_DETAIL = 500


class _NotWorthRepeatingError(Exception):
    """A reply that asking again will not change: refused, filtered or an error in place of a completion.

    Raised inside the patched call so that instructor does not ask again; 1 request instead of 4.
    """

    def __init__(self, kind: FailureKind, detail: str, raw: str | None = None) -> None:
        self.kind: FailureKind = kind
        self.detail = detail
        self.raw = raw
        super().__init__(detail)


class _OverloadedError(Exception):
    """The endpoint asked for time, or broke off; worth another try after a wait."""

    def __init__(self, detail: str, after: float | None) -> None:
        self.detail = detail
        self.after = after
        super().__init__(detail)


@dataclass(slots=True)
class _Trace:
    """What one request of ours cost on the wire, attempt by attempt."""

    attempts: list[Attempt] = field(default_factory=list)
    model: str = ""
    raw: str | None = None

    @property
    def usage(self) -> Usage | None:
        reported = [attempt.usage for attempt in self.attempts if attempt.usage]
        return sum(reported[1:], reported[0]) if reported else None


class OpenAIGateway:
    """One model behind one base URL. Use it from one event loop."""

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None,
        tries: int = 4,
        first_wait_seconds: float = 0.5,
        longest_wait_seconds: float = 60.0,
    ) -> None:
        self._model = model
        self._tries = tries
        self._first_wait = first_wait_seconds
        self._longest_wait = longest_wait_seconds
        self._api_key, self._base_url = api_key, base_url
        self._client: AsyncOpenAI | None = None
        self._mode: instructor.Mode | None = None
        self._wrapped: dict[tuple[type[BaseModel], instructor.Mode], Any] = {}

    def __repr__(self) -> str:
        return f"OpenAIGateway(model={self._model!r}, base_url={self._base_url!r})"

    @property
    def model(self) -> str:
        return self._model

    def _connected(self) -> AsyncOpenAI:
        # Made at first use, inside the event loop that will use it. An endpoint without keys (a local server)
        # still wants the header to be there.
        if self._client is None:
            self._client = AsyncOpenAI(
                api_key=self._api_key or "none",
                base_url=self._base_url,
                max_retries=0,
                http_client=DefaultAioHttpClient(),
            )
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    # ------------------------------------------------------------------ structured replies

    async def structured(
        self, messages: Sequence[Message], reply: type[T], *, parameters: Parameters
    ) -> Answered[T] | Failed:
        trace = _Trace(model=self._model)
        wire = [_wire(message) for message in messages]
        waited = 0.0
        after: float | None = None
        for number in range(self._tries):
            try:
                value = await self._ask(wire, reply, parameters, trace)
                return Answered(value, trace.model, trace.usage, tuple(trace.attempts), trace.raw or "")
            except _NotWorthRepeatingError as error:
                return _failed(error.kind, error.detail, trace, raw=error.raw)
            except _OverloadedError as error:
                after = error.after
                pause = self._pause(number, error.after)
                if number == self._tries - 1 or waited + pause > self._longest_wait:
                    return _failed("unavailable", error.detail, trace, after=error.after)
                await asyncio.sleep(pause)
                waited += pause
        return _failed("unavailable", "gave up", trace, after=after)

    def _pause(self, number: int, after: float | None) -> float:
        # Full jitter, on top of what the endpoint asks for: without it all waiting calls come back at once.
        jitter = random.uniform(0, self._first_wait * 2**number)
        return (after or 0.0) + jitter

    async def _ask(
        self, wire: list[dict[str, Any]], reply: type[T], parameters: Parameters, trace: _Trace
    ) -> T:
        modes = (self._mode,) if self._mode else _MODES
        for mode in modes:
            try:
                value = await self._ask_in(mode, wire, reply, parameters, trace)
            except openai.BadRequestError as error:
                if mode is modes[-1] or _is_about_the_prompt(error):
                    raise _NotWorthRepeatingError("unavailable", _words(error)) from error
                continue
            self._mode = mode
            return value
        raise AssertionError("the loop returns or raises")

    async def _ask_in(
        self,
        mode: instructor.Mode,
        wire: list[dict[str, Any]],
        reply: type[T],
        parameters: Parameters,
        trace: _Trace,
    ) -> T:
        client = self._connected()

        async def create(*args: Any, **kwargs: Any) -> ChatCompletion:
            return await _guarded(client, mode, trace, *args, **kwargs)

        patched = instructor.AsyncInstructor(
            client=client, create=instructor.patch(create=create, mode=mode), mode=mode
        )
        options: dict[str, Any] = {"timeout": parameters.timeout_seconds}
        if parameters.temperature is not None:
            options["temperature"] = parameters.temperature
        if parameters.seed is not None:
            options["seed"] = parameters.seed
        limit = parameters.max_tokens
        for last in (False, True):
            try:
                value = await patched.chat.completions.create(
                    model=self._model,
                    messages=wire,  # type: ignore[arg-type]
                    response_model=self._wrap(reply, mode),
                    max_retries=2,
                    max_completion_tokens=limit,
                    **options,
                )
                return reply.model_validate(value.model_dump())
            except IncompleteOutputException as error:
                if last:
                    raise _NotWorthRepeatingError(
                        "truncated", f"no room for the reply in {limit} tokens", trace.raw
                    ) from error
                limit *= 2
            except InstructorRetryException as error:
                raise _cause(error, trace) from error
        raise AssertionError("the loop returns or raises")

    def _wrap(self, reply: type[T], mode: instructor.Mode) -> Any:
        """The reply model as instructor wants it, made once: it re-generates the JSON schema otherwise."""
        key = (reply, mode)
        if key not in self._wrapped:
            self._wrapped[key] = instructor.response_schema(reply)
        return self._wrapped[key]

    # ------------------------------------------------------------------ streams

    async def stream(
        self, messages: Sequence[Message], *, parameters: Parameters
    ) -> AsyncIterator[TextPiece | Finished]:
        options: dict[str, Any] = {}
        if parameters.temperature is not None:
            options["temperature"] = parameters.temperature
        reported, usage, reason = self._model, None, ""
        try:
            stream = await self._connected().chat.completions.create(  # type: ignore[call-overload]
                model=self._model,
                messages=[_wire(message) for message in messages],
                stream=True,
                stream_options={"include_usage": True},
                max_completion_tokens=parameters.max_tokens,
                timeout=parameters.timeout_seconds,
                **options,
            )
            async with stream:
                async for chunk in stream:
                    reported = chunk.model or reported
                    if chunk.usage:
                        usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
                    for choice in chunk.choices[:1]:
                        if choice.delta.content:
                            yield TextPiece(choice.delta.content)
                        reason = choice.finish_reason or reason
        except openai.APIError as error:
            raise ModelError("unavailable", _words(error)) from error
        except (OSError, ValueError) as error:
            raise ModelError("unavailable", f"the connection broke off: {_short(error)}") from error
        if not reason:
            raise ModelError("truncated", "the stream broke off before its end")
        if reason == "content_filter":
            raise ModelError("filtered", "the provider's content filter cut the reply")
        yield Finished(reported, usage, reason)


async def _guarded(
    client: AsyncOpenAI, mode: instructor.Mode, trace: _Trace, *args: Any, **kwargs: Any
) -> ChatCompletion:
    """One request on the wire: strict on the way out, every kind of non-answer told apart on the way in."""
    _make_strict(kwargs)
    started = time.monotonic()

    def note(outcome: Any, usage: Usage | None = None, detail: str = "") -> None:
        trace.attempts.append(Attempt(outcome, time.monotonic() - started, usage, detail[:_LONGEST_DETAIL]))

    try:
        completion = await client.chat.completions.create(*args, **kwargs)
    except openai.BadRequestError as error:
        note("unavailable", detail=_words(error))
        raise
    except openai.APIStatusError as error:
        note("unavailable", detail=_words(error))
        if error.status_code in _TRY_AGAIN and getattr(error, "code", None) != "insufficient_quota":
            raise _OverloadedError(_words(error), _retry_after(error)) from error
        raise _NotWorthRepeatingError("unavailable", _words(error)) from error
    except (openai.APIConnectionError, OSError, TimeoutError) as error:
        note("unavailable", detail=_short(error))
        raise _OverloadedError(_short(error), None) from error
    except (json.JSONDecodeError, openai.APIResponseValidationError) as error:
        note("invalid", detail="the endpoint did not answer with JSON")
        raise _NotWorthRepeatingError("unavailable", "the endpoint did not answer with JSON") from error
    if not isinstance(completion, ChatCompletion) or not completion.choices:
        detail = f"an answer without a completion: {_short(completion)}"
        note("unavailable", detail=detail)
        raise _NotWorthRepeatingError("unavailable", detail)
    usage = None
    if completion.usage:
        usage = Usage(completion.usage.prompt_tokens or 0, completion.usage.completion_tokens or 0)
    choice = completion.choices[0]
    trace.model = completion.model or trace.model
    trace.raw = _raw(completion)
    if choice.finish_reason == "content_filter":
        note("filtered", usage)
        raise _NotWorthRepeatingError("filtered", "the provider's content filter cut the reply", trace.raw)
    if choice.message.refusal:
        note("refused", usage, choice.message.refusal)
        raise _NotWorthRepeatingError(
            "refused", choice.message.refusal[:_LONGEST_DETAIL], choice.message.refusal
        )
    _normalise(choice.message, mode, kwargs)
    note("truncated" if choice.finish_reason == "length" else "ok", usage)
    return completion


def _make_strict(kwargs: dict[str, Any]) -> None:
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


def _normalise(message: Any, mode: instructor.Mode, kwargs: dict[str, Any]) -> None:
    """Lift a JSON reply out of a code fence, and into the tool call where one was wanted."""
    content = message.content or ""
    stripped = content.strip()
    if stripped.startswith("```"):
        stripped = stripped.strip("`").removeprefix("json").strip()
        if mode is not instructor.Mode.MD_JSON:
            message.content = stripped
    if mode is instructor.Mode.TOOLS and not message.tool_calls and stripped.startswith("{"):
        name = kwargs["tools"][0]["function"]["name"]
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


def _cause(error: InstructorRetryException, trace: _Trace) -> Exception:
    """What really went wrong inside instructor's wrapper; its own text holds whole completions."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, _NotWorthRepeatingError | _OverloadedError | openai.BadRequestError):
            return seen
        if isinstance(seen, IncompleteOutputException):
            return _NotWorthRepeatingError("truncated", "no room for the reply", trace.raw)
        seen = seen.__cause__ or seen.__context__
    if trace.attempts:
        last = trace.attempts[-1]
        trace.attempts[-1] = Attempt("invalid", last.seconds, last.usage, "not of the wanted shape")
    inner = error.__cause__
    detail = (
        "; ".join(str(part["msg"]) for part in inner.errors()[:3])
        if isinstance(inner, ValidationError)
        else ""
    )
    return _NotWorthRepeatingError(
        "invalid", f"no reply of the wanted shape: {detail}"[:_LONGEST_DETAIL], trace.raw
    )


def _failed(
    kind: FailureKind, detail: str, trace: _Trace, *, raw: str | None = None, after: float | None = None
) -> Failed:
    return Failed(kind, detail, trace.model, trace.usage, tuple(trace.attempts), raw, after)


def _is_about_the_prompt(error: openai.BadRequestError) -> bool:
    """Whether another way of asking for JSON could not help: the prompt itself is refused or too long."""
    return error.code in {"context_length_exceeded", "content_filter", "string_above_max_length"}


def _retry_after(error: openai.APIStatusError) -> float | None:
    value = error.response.headers.get("retry-after")
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None


def _words(error: openai.APIError) -> str:
    """The provider's words without the request around them."""
    status = f"{error.status_code} " if isinstance(error, openai.APIStatusError) else ""
    body = error.body
    text = body.get("message") if isinstance(body, dict) else None
    return f"{status}{text or error.message}"[:_LONGEST_DETAIL]


def _short(value: object) -> str:
    return f"{type(value).__name__}: {value}"[:_LONGEST_DETAIL]


def _wire(message: Message) -> dict[str, Any]:
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
