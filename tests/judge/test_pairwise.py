"""Pairs are compared in both orders; what changes with the order is a tie."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app
from judge import BadSubmission, Pair, PairJudge
from judge.llm import Failed, ScriptedGateway
from judge.llm.scripted import Request
from tests.contract.loopback import Loopback
from tests.judge.making import criterion, rubric

PAIR = Pair("1", "Name a planet.", "Mars", "The moon")


def first_is_mars(request: Request) -> bool:
    text = request.messages[1].text
    return text.index("Mars") < text.index("The moon")


def compare(reply: Any) -> Any:
    judge = PairJudge(rubric(criterion("a")), ScriptedGateway(reply))
    return asyncio.run(judge.compare(PAIR))


def test_the_better_side_whichever_stands_first() -> None:
    found = compare(lambda request: {"reasons": "r", "better": "A" if first_is_mars(request) else "B"})
    assert (found.better, found.consistent, found.orders) == ("left", True, ("left", "left"))


def test_what_follows_the_order_is_a_tie() -> None:
    found = compare(lambda _: {"reasons": "r", "better": "A"})
    assert (found.better, found.consistent, found.orders) == ("tie", False, ("left", "right"))


def test_one_order_that_fails_leaves_the_other_and_says_so() -> None:
    def reply(request: Request) -> Any:
        return (
            {"reasons": "r", "better": "B"}
            if first_is_mars(request)
            else Failed("refused", "no", "m", None, ())
        )

    found = compare(reply)
    assert (found.better, found.consistent) == ("right", None)
    assert found.to_json()["reason"] == "refused: no"
    assert compare(lambda _: Failed("refused", "no", "m", None, ())).to_json()["status"] == "unscored"


@pytest.mark.parametrize(
    ("row", "field"), [({"prompt": "q"}, "id"), ({"id": 1, "prompt": "q", "left": "a"}, "right")]
)
def test_a_pair_without_a_side_is_refused(row: dict[str, Any], field: str) -> None:
    with pytest.raises(BadSubmission, match=field):
        Pair.from_json(row)


def test_pairs_from_a_file(loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", loopback.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    source, out = tmp_path / "pairs.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"id": 1, "prompt": "q", "left": "a", "right": "b"}) + "\n")
    result = CliRunner().invoke(app, ["judge", "pairs", str(source), "--out", str(out)])
    assert result.exit_code == 0, result.output
    row = json.loads(out.read_text())
    assert (row["id"], row["status"]) == ("1", "scored")
    assert len(loopback.requests) == 2
