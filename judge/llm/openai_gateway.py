"""Any OpenAI-compatible endpoint, with the guards that the SDKs lack.

openai and instructor do the wire and the parsing. What they get wrong, measured, is mended here: `strict` is
never sent; refusals and filtered replies are asked again and their text is lost; usage is summed over
attempts; retries wait without jitter and in a herd; the reply model is wrapped anew for each call. `context=`
is never passed: it would render every message, judged text included, as a template.
"""

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar

import httpx2
import instructor
import openai
from instructor.core.exceptions import IncompleteOutputException, InstructorRetryException
from openai import AsyncOpenAI, DefaultAioHttpClient
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ValidationError

from judge.llm.errors import ModelError
from judge.llm.gateway import (
    Answered,
    Failed,
    FailureKind,
    Finished,
    Message,
    Parameters,
    TextPiece,
    Usage,
)
from judge.llm.pacer import Pacer
from judge.llm.wire import (
    LONGEST_DETAIL,
    NotWorthRepeatingError,
    OverloadedError,
    Trace,
    guarded,
    make_strict,
    read,
    short,
    to_wire,
    words_of,
)

__all__ = ["OpenAIGateway"]

T = TypeVar("T", bound=BaseModel)

_MODES = {
    instructor.Mode.JSON_SCHEMA: "a JSON schema",
    instructor.Mode.TOOLS: "a tool call",
    instructor.Mode.MD_JSON: "JSON in text",
}
"""Tried in this order until the endpoint accepts one; the first that works is remembered."""
_SHAPE = ("response_format", "tools", "tool_choice")
"""What says in a request which shape the reply is to have, where the messages do not."""


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
        pacer: Pacer | None = None,
    ) -> None:
        """`pacer` is shared by the gateways to one endpoint."""
        self._model = model
        self._pacer = pacer or Pacer()
        self._tries = tries
        self._first_wait = first_wait_seconds
        self._longest_wait = longest_wait_seconds
        self._api_key, self._base_url = api_key, base_url
        self._client: AsyncOpenAI | None = None
        self._mode: instructor.Mode | None = None
        self._others: dict[str, OpenAIGateway] = {}
        self._wrapped: dict[tuple[type[BaseModel], instructor.Mode], Any] = {}
        self._shapes: dict[tuple[type[BaseModel], instructor.Mode], dict[str, Any]] = {}

    def __repr__(self) -> str:
        return f"OpenAIGateway(model={self._model!r}, base_url={self._base_url!r})"

    @property
    def model(self) -> str:
        return self._model

    def for_model(self, model: str) -> "OpenAIGateway":
        if model == self._model:
            return self
        if model not in self._others:
            self._others[model] = OpenAIGateway(
                model,
                api_key=self._api_key,
                base_url=self._base_url,
                tries=self._tries,
                first_wait_seconds=self._first_wait,
                longest_wait_seconds=self._longest_wait,
                pacer=self._pacer,
            )
        return self._others[model]

    def _connected(self) -> AsyncOpenAI:
        # Made at first use, inside the event loop that will use it. An endpoint without keys (a local server)
        # still wants the header to be there.
        if self._client is None:
            # instructor logs failed attempts with the provider's and the model's own words, which may quote what
            # people wrote. Every attempt is in the outcome already.
            logging.getLogger("instructor").setLevel(logging.CRITICAL)
            self._client = AsyncOpenAI(
                api_key=self._api_key or "none",
                base_url=self._base_url,
                max_retries=0,
                http_client=DefaultAioHttpClient(),
            )
        return self._client

    async def close(self) -> None:
        for other in self._others.values():
            await other.close()
        if self._client is not None:
            await self._client.close()
            self._client = None

    # ------------------------------------------------------------------ structured replies

    async def structured(
        self, messages: Sequence[Message], reply: type[T], *, parameters: Parameters
    ) -> Answered[T] | Failed:
        trace = Trace(model=self._model)
        wire = [to_wire(message) for message in messages]
        waited = 0.0
        after: float | None = None
        for number in range(self._tries):
            try:
                value = await self._in_turn(wire, reply, parameters, trace)
                return Answered(
                    value,
                    trace.model,
                    trace.usage,
                    tuple(trace.attempts),
                    trace.raw or "",
                    trace.tokens,
                    trace.fingerprint,
                    trace.form,
                )
            except NotWorthRepeatingError as error:
                return _failed(error.kind, error.detail, trace, raw=error.raw, shut=error.shut)
            except OverloadedError as error:
                after = error.after
                pause = self._pause(number, error.after)
                if number == self._tries - 1 or waited + pause > self._longest_wait:
                    return _failed("unavailable", error.detail, trace, after=error.after)
                await asyncio.sleep(pause)
                waited += pause
        return _failed("unavailable", "gave up", trace, after=after)

    async def _in_turn(
        self, wire: list[dict[str, Any]], reply: type[T], parameters: Parameters, trace: Trace
    ) -> T:
        """`_ask`, when there is room at the endpoint."""
        await self._pacer.enter()
        try:
            value = await self._ask(wire, reply, parameters, trace)
        except OverloadedError as error:
            self._pacer.overloaded(error.after)
            raise
        finally:
            self._pacer.leave()
        self._pacer.went_well()
        return value

    def _pause(self, number: int, after: float | None) -> float:
        # Full jitter, on top of what the endpoint asks for: without it all waiting calls come back at once.
        jitter = random.uniform(0, self._first_wait * 2**number)
        return (after or 0.0) + jitter

    async def _ask(
        self, wire: list[dict[str, Any]], reply: type[T], parameters: Parameters, trace: Trace
    ) -> T:
        # The one that worked before first; a request that it refuses may still pass in another.
        modes = sorted(_MODES, key=lambda mode: mode is not self._mode)
        for mode in modes:
            try:
                value = await self._ask_in(mode, wire, reply, parameters, trace)
            except openai.BadRequestError as error:
                if mode is modes[-1] or _is_about_the_prompt(error):
                    raise NotWorthRepeatingError("unavailable", words_of(error)) from error
                continue
            self._mode = self._mode or mode
            trace.form = _MODES[mode]
            return value
        raise AssertionError("the loop returns or raises")

    async def _ask_in(
        self,
        mode: instructor.Mode,
        wire: list[dict[str, Any]],
        reply: type[T],
        parameters: Parameters,
        trace: Trace,
    ) -> T:
        client = self._connected()
        options: dict[str, Any] = {"timeout": parameters.timeout_seconds}
        if parameters.temperature is not None:
            options["temperature"] = parameters.temperature
        if parameters.seed is not None:
            options["seed"] = parameters.seed
        if parameters.top_p is not None:
            options["top_p"] = parameters.top_p
        if parameters.token_probabilities:
            options["top_logprobs"] = 10
            options["logprobs"] = True
        options |= {"model": self._model, "max_completion_tokens": parameters.max_tokens}
        for last in (False, True):
            first = None
            shape = self._shapes.get((reply, mode))
            if shape is not None:
                first = await guarded(client, mode, trace, messages=wire, **shape, **options)
                value = read(first, mode, reply)
                if value is not None:
                    return value
            try:
                return await self._with_instructor(mode, wire, reply, options, trace, first)
            except IncompleteOutputException as error:
                limit = options["max_completion_tokens"]
                if last:
                    raise NotWorthRepeatingError(
                        "truncated", f"no room for the reply in {limit} tokens", trace.raw
                    ) from error
                options["max_completion_tokens"] = 2 * limit
            except InstructorRetryException as error:
                raise _cause(error, trace) from error
        raise AssertionError("the loop returns or raises")

    async def _with_instructor(
        self,
        mode: instructor.Mode,
        wire: list[dict[str, Any]],
        reply: type[T],
        options: dict[str, Any],
        trace: Trace,
        first: ChatCompletion | None,
    ) -> T:
        """Let instructor say how the reply's shape is asked for, read the reply, and ask anew when it does not fit.

        `first` is a completion that is there already. What shape and messages look like on the wire is kept: the
        same words are sent without instructor the next time, which costs as much as all the rest of a request.
        """
        client = self._connected()
        asked = 0

        async def create(**kwargs: Any) -> ChatCompletion:
            nonlocal asked
            asked += 1
            if asked == 1 and first is not None:
                return first
            if asked > 1:
                trace.last_was_invalid()  # it came back well and did not fit: that is why this one is sent
            make_strict(kwargs)
            if asked == 1 and kwargs["messages"] == wire:
                self._shapes[reply, mode] = {name: kwargs[name] for name in _SHAPE if name in kwargs}
            return await guarded(client, mode, trace, **kwargs)

        patched = instructor.AsyncInstructor(
            client=client, create=instructor.patch(create=create, mode=mode), mode=mode
        )
        value = await patched.chat.completions.create(
            messages=wire,  # type: ignore[arg-type]
            response_model=self._wrap(reply, mode),
            max_retries=2,
            **options,
        )
        return reply.model_validate(value.model_dump())

    def _wrap(self, reply: type[T], mode: instructor.Mode) -> Any:
        """The reply model as instructor wants it, made once: it re-generates the JSON schema otherwise."""
        key = (reply, mode)
        if key not in self._wrapped:
            wrapped: Any = instructor.response_schema(reply)
            document = json.dumps(wrapped.model_json_schema())
            # It is asked for at each call, takes as long as the rest of the call, and is changed by who gets it.
            wrapped.model_json_schema = lambda *_, **__: json.loads(document)
            self._wrapped[key] = wrapped
        return self._wrapped[key]

    # ------------------------------------------------------------------ streams

    async def stream(
        self, messages: Sequence[Message], *, parameters: Parameters
    ) -> AsyncIterator[TextPiece | Finished]:
        options: dict[str, Any] = {}
        if parameters.temperature is not None:
            options["temperature"] = parameters.temperature
        reported, usage, reason, refusal = self._model, None, "", ""
        try:
            stream = await self._connected().chat.completions.create(  # type: ignore[call-overload]
                model=self._model,
                messages=[to_wire(message) for message in messages],
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
                        refusal += choice.delta.refusal or ""
                        reason = choice.finish_reason or reason
        except openai.APIError as error:
            raise ModelError("unavailable", words_of(error)) from error
        except (httpx2.HTTPError, OSError, ValueError) as error:
            raise ModelError("unavailable", f"the connection broke off: {short(error)}") from error
        if not reason:
            raise ModelError("truncated", "the stream broke off before its end")
        if reason == "content_filter":
            raise ModelError("filtered", "the provider's content filter cut the reply")
        if refusal:
            raise ModelError("refused", refusal[:LONGEST_DETAIL])
        yield Finished(reported, usage, reason)


def _cause(error: InstructorRetryException, trace: Trace) -> Exception:
    """What really went wrong inside instructor's wrapper; its own text holds whole completions."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, NotWorthRepeatingError | OverloadedError | openai.BadRequestError):
            return seen
        if isinstance(seen, IncompleteOutputException):
            return NotWorthRepeatingError("truncated", "no room for the reply", trace.raw)
        seen = seen.__cause__ or seen.__context__
    trace.last_was_invalid()
    inner = error.__cause__
    detail = (
        "; ".join(str(part["msg"]) for part in inner.errors()[:3])
        if isinstance(inner, ValidationError)
        else ""
    )
    return NotWorthRepeatingError(
        "invalid", f"no reply of the wanted shape: {detail}"[:LONGEST_DETAIL], trace.raw
    )


def _failed(
    kind: FailureKind,
    detail: str,
    trace: Trace,
    *,
    raw: str | None = None,
    after: float | None = None,
    shut: bool = False,
) -> Failed:
    return Failed(kind, detail, trace.model, trace.usage, tuple(trace.attempts), raw, after, shut)


def _is_about_the_prompt(error: openai.BadRequestError) -> bool:
    """Whether another way of asking for JSON could not help: the prompt itself is refused or too long."""
    return error.code in {"context_length_exceeded", "content_filter", "string_above_max_length"}
