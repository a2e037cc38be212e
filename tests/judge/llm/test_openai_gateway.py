import asyncio
import logging
import socket
import time
from collections.abc import Coroutine
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
    Usage,
)
from tests.contract.loopback import Loopback

T = TypeVar("T")


class Reply(BaseModel):
    rationale: str
    level: int


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


@pytest.mark.parametrize("script", [[], ["no_json_schema", "ok", "no_json_schema"], ["no_tools"] * 3])
def test_the_same_is_sent_each_time(loopback: Loopback, script: list[str]) -> None:
    # The first request of a shape is worded by instructor, those after it are sent without it.
    async def work(gateway: OpenAIGateway) -> list[list[dict[str, Any]]]:
        sent = []
        for _ in range(3):
            loopback.requests.clear()
            loopback.script[:] = script
            assert isinstance(
                await gateway.structured([Message.user("{{ hi }}")], Reply, parameters=Parameters(seed=3)),
                Answered,
            )
            sent.append(loopback.requests[-1:])
        return sent

    first, second, third = with_gateway(loopback, work)
    assert first == second == third


@pytest.mark.parametrize("mode", [[], ["no_json_schema"]])
@pytest.mark.parametrize("fault", ["garbage", "cut_json", "empty", "length"])
def test_a_reply_that_does_not_fit_is_asked_for_anew_each_time(
    loopback: Loopback, mode: list[str], fault: str
) -> None:
    async def work(gateway: OpenAIGateway) -> list[list[str]]:
        outcomes: list[list[str]] = []
        for number in range(2):
            loopback.script[:] = [*(mode if number == 0 else []), fault]
            outcome = await gateway.structured([Message.user("hi")], Reply, parameters=Parameters())
            assert isinstance(outcome, Answered)
            outcomes.append([str(attempt.outcome) for attempt in outcome.attempts][-2:])
        return outcomes

    spoilt = "truncated" if fault == "length" else "invalid"
    assert with_gateway(loopback, work) == [[spoilt, "ok"], [spoilt, "ok"]]


def test_text_is_never_rendered_as_a_template(loopback: Loopback) -> None:
    ask(loopback, text="{{ 7*7 }} {% if %} {# x #}")
    assert "{{ 7*7 }} {% if %} {# x #}" in str(loopback.requests[0]["messages"])


@pytest.mark.parametrize(
    ("fault", "kind", "requests"),
    [
        ("refusal", "refused", 1),
        ("filtered", "filtered", 1),
        ("401", "unavailable", 1),
        ("403", "unavailable", 1),
        ("404", "unavailable", 1),
        ("insufficient_quota", "unavailable", 1),
        ("context_length_exceeded", "unavailable", 1),
        ("error_body", "unavailable", 1),
        ("html", "unavailable", 1),
        ("no_choices", "unavailable", 1),
        ("no_message", "unavailable", 1),
    ],
)
def test_what_asking_again_cannot_change_is_asked_once(
    loopback: Loopback, fault: str, kind: str, requests: int
) -> None:
    outcome = ask(loopback, *[fault] * 9)
    assert isinstance(outcome, Failed)
    assert (outcome.kind, len(loopback.requests)) == (kind, requests)


@pytest.mark.parametrize("fault", ["429", "429:0.05", "500", "503", "cut"])
def test_an_endpoint_that_needs_time_is_asked_again(loopback: Loopback, fault: str) -> None:
    outcome = ask(loopback, fault)
    assert isinstance(outcome, Answered)
    assert [attempt.outcome for attempt in outcome.attempts] == ["unavailable", "ok"]


def test_retry_after_is_waited_for(loopback: Loopback) -> None:
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


def test_no_logger_repeats_what_a_model_said(loopback: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        ask(loopback, *["garbage"] * 9)
    assert "rather good" not in caplog.text


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


def test_a_refusal_keeps_the_models_words(loopback: Loopback) -> None:
    outcome = ask(loopback, "refusal")
    assert isinstance(outcome, Failed)
    assert (outcome.detail, outcome.raw) == ("I will not judge this.", "I will not judge this.")
    assert outcome.usage is not None and outcome.usage.completion_tokens == 20  # it was paid for


def test_waiting_longer_than_allowed_is_left_to_the_caller(loopback: Loopback) -> None:
    outcome = ask(loopback, "429:3600")
    assert isinstance(outcome, Failed)
    assert (outcome.kind, outcome.retry_after_seconds, len(loopback.requests)) == ("unavailable", 3600, 1)


@pytest.mark.parametrize("fault", ["garbage", "cut_json", "empty"])
def test_a_reply_of_another_shape_is_an_invalid_attempt_and_not_a_good_one(
    loopback: Loopback, fault: str
) -> None:
    outcome = ask(loopback, fault)
    assert isinstance(outcome, Answered)
    assert [attempt.outcome for attempt in outcome.attempts] == ["invalid", "ok"]
    outcome = ask(loopback, *[fault] * 9)
    assert [attempt.outcome for attempt in outcome.attempts] == ["invalid"] * 3


def test_every_request_on_the_wire_is_an_attempt(loopback: Loopback) -> None:
    outcome = ask(loopback, "garbage", "429", "length")
    assert isinstance(outcome, Answered)
    assert [attempt.outcome for attempt in outcome.attempts] == ["invalid", "unavailable", "truncated", "ok"]
    # the 429 reported none; three others reported 100 and 20 each
    assert outcome.usage == Usage(300, 60)


def test_a_reply_in_a_code_fence_is_read_at_once(loopback: Loopback) -> None:
    assert isinstance(ask(loopback, "fenced"), Answered)
    assert len(loopback.requests) == 1


@pytest.mark.parametrize("fault", ["fenced", "json_in_content"])
def test_json_beside_the_tool_that_was_asked_for_is_read_at_once(loopback: Loopback, fault: str) -> None:
    assert isinstance(ask(loopback, "no_json_schema", fault), Answered)
    assert len(loopback.requests) == 2


def test_a_tool_is_asked_for_strictly_too(loopback: Loopback) -> None:
    ask(loopback, "no_json_schema")
    function = loopback.requests[1]["tools"][0]["function"]
    assert (function["strict"], function["parameters"]["additionalProperties"]) == (True, False)


@pytest.mark.parametrize(("fault", "kind"), [("refusal", "refused"), ("filtered", "filtered")])
def test_a_way_of_asking_that_works_is_not_left_for_a_refusal(
    loopback: Loopback, fault: str, kind: str
) -> None:
    outcome = ask(loopback, "no_json_schema", fault)
    assert isinstance(outcome, Failed)
    assert (outcome.kind, len(loopback.requests)) == (kind, 2)


def test_an_endpoint_that_reports_no_usage_leaves_it_open(loopback: Loopback) -> None:
    outcome = ask(loopback, "no_usage")
    assert isinstance(outcome, Answered) and outcome.usage is None


def test_only_the_parameters_that_are_set_are_sent(loopback: Loopback) -> None:
    ask(loopback)
    assert not {"temperature", "seed"} & set(loopback.requests[0])
    ask(loopback, temperature=0.0, seed=7)
    assert (loopback.requests[1]["temperature"], loopback.requests[1]["seed"]) == (0.0, 7)


def test_the_key_goes_in_its_header_and_nowhere_else(loopback: Loopback) -> None:
    ask(loopback)
    assert loopback.headers[0]["authorization"] == "Bearer secret-key"
    assert "secret-key" not in str(loopback.requests[0])


def test_many_requests_share_one_gateway(loopback: Loopback) -> None:
    loopback.script[:] = ["ok", "500", "garbage", "refusal"]

    async def work(gateway: OpenAIGateway) -> list[Answered[Reply] | Failed]:
        asked = [gateway.structured([Message.user("hi")], Reply, parameters=Parameters()) for _ in range(20)]
        return await asyncio.gather(*asked)

    outcomes = with_gateway(loopback, work)
    assert [outcome.kind for outcome in outcomes if isinstance(outcome, Failed)] == ["refused"]
    # 20 and one more for each of the two faults that are asked again
    assert len(loopback.requests) == 22


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("reset_stream", "unavailable", "broke off"),
        ("error_stream", "unavailable", "scripted error midway"),
        ("filtered_stream", "filtered", "content filter"),
        ("refusal_stream", "refused", "I will not say."),
        ("cut_stream", "truncated", "before its end"),
        ("html", "truncated", "before its end"),
        ("401", "unavailable", "scripted 401"),
        ("429", "unavailable", "scripted 429"),
    ],
)
def test_a_stream_that_goes_wrong_says_how(loopback: Loopback, fault: str, kind: str, words: str) -> None:
    loopback.script[:] = [fault]
    with pytest.raises(ModelError, match=words) as caught:
        with_gateway(loopback, read)
    assert caught.value.kind == kind


def test_a_stream_out_of_room_ends_with_that_reason(loopback: Loopback) -> None:
    loopback.script[:] = ["length_stream"]
    assert with_gateway(loopback, read)[-1].finish_reason == "length"


def test_what_was_said_before_a_stream_broke_has_arrived(loopback: Loopback) -> None:
    loopback.script[:] = ["reset_stream"]
    heard = []

    async def work(gateway: OpenAIGateway) -> None:
        async for piece in gateway.stream([Message.user("hi")], parameters=Parameters()):
            heard.append(piece)

    with pytest.raises(ModelError):
        with_gateway(loopback, work)
    assert heard == [TextPiece("It "), TextPiece("rests ")]


def test_a_test_that_leaves_this_machine_fails() -> None:
    # 192.0.2.0/24 is set aside for documentation: nobody answers there (RFC 5737)
    with socket.socket() as outside, pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"):
        outside.connect(("192.0.2.1", 80))
