import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from judge.llm import (
    Answered,
    Failed,
    Finished,
    Image,
    Message,
    ModelError,
    OpenAIGateway,
    Parameters,
    TextPiece,
)
from tests.contract.loopback import Loopback, running_loopback

T = TypeVar("T")


class Reply(BaseModel):
    rationale: str
    level: int


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with running_loopback() as running:
        yield running


@pytest.fixture
def loopback(server: Loopback) -> Loopback:
    server.requests.clear()
    server.headers.clear()
    server.script.clear()
    return server


def with_gateway(loopback: Loopback, work: Any, **options: Any) -> Any:
    async def run() -> Any:
        gateway = OpenAIGateway(
            "m", api_key="secret-key", base_url=loopback.base_url, first_wait_seconds=0.01, **options
        )
        try:
            return await work(gateway)
        finally:
            await gateway.close()

    return asyncio.run(run())


def ask(loopback: Loopback, *script: str, text: str = "hi", **parameters: Any) -> Answered[Reply] | Failed:
    loopback.script[:] = script

    def work(gateway: OpenAIGateway) -> Coroutine[Any, Any, Answered[Reply] | Failed]:
        return gateway.structured([Message.user(text)], Reply, parameters=Parameters(**parameters))

    result: Answered[Reply] | Failed = with_gateway(loopback, work)
    return result


def test_a_reply_comes_back_typed_with_the_reported_model_and_usage(loopback: Loopback) -> None:
    answer = ask(loopback)
    assert isinstance(answer, Answered)
    assert (answer.value.level, answer.model, len(answer.attempts)) == (1, "m-2026", 1)
    assert answer.usage is not None and answer.usage.prompt_tokens == 100


def test_the_schema_is_asked_for_strictly(loopback: Loopback) -> None:
    ask(loopback)
    wanted = loopback.requests[0]["response_format"]["json_schema"]
    assert wanted["strict"] is True
    assert wanted["schema"]["additionalProperties"] is False


def test_text_is_never_rendered_as_a_template(loopback: Loopback) -> None:
    ask(loopback, text="{{ 7*7 }} {% if %} {# x #}")
    assert "{{ 7*7 }} {% if %} {# x #}" in str(loopback.requests[0]["messages"])


@pytest.mark.parametrize(
    ("fault", "kind", "requests"),
    [
        ("refusal", "refused", 1),
        ("filtered", "filtered", 1),
        ("401", "unavailable", 1),
        ("404", "unavailable", 1),
        ("insufficient_quota", "unavailable", 1),
        ("context_length_exceeded", "unavailable", 1),
        ("error_body", "unavailable", 1),
        ("html", "unavailable", 1),
    ],
)
def test_what_asking_again_cannot_change_is_asked_once(
    loopback: Loopback, fault: str, kind: str, requests: int
) -> None:
    outcome = ask(loopback, *[fault] * 9)
    assert isinstance(outcome, Failed)
    assert (outcome.kind, len(loopback.requests)) == (kind, requests)


@pytest.mark.parametrize("fault", ["429", "429:0.2", "500"])
def test_an_endpoint_that_needs_time_is_asked_again(loopback: Loopback, fault: str) -> None:
    outcome = ask(loopback, fault)
    assert isinstance(outcome, Answered)
    assert [attempt.outcome for attempt in outcome.attempts] == ["unavailable", "ok"]


def test_retry_after_is_waited_for(loopback: Loopback) -> None:
    import time

    started = time.monotonic()
    ask(loopback, "429:0.2")
    assert time.monotonic() - started >= 0.2


def test_an_endpoint_that_never_answers_is_given_up_on(loopback: Loopback) -> None:
    outcome = ask(loopback, *["500"] * 9)
    assert isinstance(outcome, Failed)
    assert (outcome.kind, len(loopback.requests)) == ("unavailable", 4)


def test_a_malformed_reply_is_asked_for_again_and_then_typed_invalid(loopback: Loopback) -> None:
    assert isinstance(ask(loopback, "garbage"), Answered)
    loopback.requests.clear()
    outcome = ask(loopback, *["garbage"] * 9)
    assert isinstance(outcome, Failed)
    assert (outcome.kind, len(loopback.requests)) == ("invalid", 3)
    assert outcome.usage is not None and outcome.usage.prompt_tokens == 300  # three attempts of 100


def test_a_truncated_reply_gets_twice_the_room_once(loopback: Loopback) -> None:
    outcome = ask(loopback, "length", "length", max_tokens=64)
    assert isinstance(outcome, Failed)
    assert outcome.kind == "truncated"
    assert [body["max_completion_tokens"] for body in loopback.requests] == [64, 128]


@pytest.mark.parametrize(("fault", "requests"), [("no_json_schema", 2), ("no_tools", 3)])
def test_an_endpoint_without_json_schema_is_asked_another_way_and_that_is_remembered(
    loopback: Loopback, fault: str, requests: int
) -> None:
    async def work(gateway: OpenAIGateway) -> None:
        for expected in (requests, 1):
            loopback.requests.clear()
            loopback.script[:] = [fault] * 9
            outcome = await gateway.structured([Message.user("hi")], Reply, parameters=Parameters())
            assert isinstance(outcome, Answered), outcome
            assert len(loopback.requests) == expected

    with_gateway(loopback, work)


def test_a_slow_endpoint_is_unavailable_after_the_timeout(loopback: Loopback) -> None:
    outcome = ask(loopback, *["slow:0.4"] * 9, timeout_seconds=0.05)
    assert isinstance(outcome, Failed) and outcome.kind == "unavailable"


def test_no_endpoint_at_all_is_unavailable(loopback: Loopback) -> None:
    async def run() -> Answered[Reply] | Failed:
        gateway = OpenAIGateway(
            "m", api_key=None, base_url="http://127.0.0.1:9/v1", tries=2, first_wait_seconds=0.01
        )
        outcome = await gateway.structured([Message.user("hi")], Reply, parameters=Parameters())
        await gateway.close()
        return outcome

    outcome = asyncio.run(run())
    assert isinstance(outcome, Failed) and outcome.kind == "unavailable"


def test_images_go_as_data(loopback: Loopback) -> None:
    with_gateway(
        loopback,
        lambda g: g.structured(
            [Message.user("what?", Image("image/png", b"abc"))], Reply, parameters=Parameters()
        ),
    )
    assert (
        loopback.requests[0]["messages"][0]["content"][1]["image_url"]["url"] == "data:image/png;base64,YWJj"
    )


def test_the_key_is_nowhere_to_be_read(loopback: Loopback) -> None:
    outcome = ask(loopback, "401")
    gateway = OpenAIGateway("m", api_key="secret-key", base_url=None)
    assert "secret-key" not in repr(gateway) + repr(outcome)


async def read(gateway: OpenAIGateway) -> list[TextPiece | Finished]:
    return [piece async for piece in gateway.stream([Message.user("hi")], parameters=Parameters())]


def test_a_stream_gives_pieces_and_ends_with_its_usage(loopback: Loopback) -> None:
    pieces = with_gateway(loopback, read)
    assert "".join(piece.text for piece in pieces[:-1]) == "It rests on the guidelines."
    assert pieces[-1].usage.completion_tokens == 5


def test_a_stream_that_is_cut_says_so(loopback: Loopback) -> None:
    loopback.script[:] = ["cut_stream"]
    with pytest.raises(ModelError, match="broke off"):
        with_gateway(loopback, read)


def test_a_stream_that_is_refused_says_so(loopback: Loopback) -> None:
    loopback.script[:] = ["500"]
    with pytest.raises(ModelError, match="scripted 500"):
        with_gateway(loopback, read)
