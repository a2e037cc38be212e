"""Agents that are no language model: label servers over real HTTP, and several agents as one."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.agents.label_studio import label_config, read_result, task_of
from app.errors import Invalid
from app.schema import parse_schema
from app.services import agent_quality, agents, preannotation
from app.services.aggregate_labelling import vote
from app.services.context import Context
from app.services.performing import perform
from app.wiring import handlers
from db.engine import reading
from db.models import Call, Suggestion
from tests.app.services.world import OPERATOR, World

SCHEMA = parse_schema("""
questions:
  - {id: kind, type: choice, title: K, options: [{value: pos, label: Positive}, {value: neg}]}
  - {id: tags, type: multi_choice, title: T, options: [{value: a}, {value: b}]}
  - {id: names, type: span, title: N, part: text, options: [{value: person}]}
  - {id: stars, type: rating, title: S}
  - {id: better, type: pairwise, title: B}
  - {id: why, type: text, title: W}
""")


def test_a_schema_becomes_a_labelling_interface() -> None:
    config = label_config(SCHEMA, ["text", "left", "right"])
    assert config.startswith('<View><Text name="text" value="$text"/>')
    assert '<Choices name="kind" toName="text" choice="single"><Choice value="pos"/>' in config
    assert '<Labels name="names" toName="text"><Label value="person"/></Labels>' in config
    assert '<Pairwise name="better" toName="left,right"/>' in config
    assert task_of(7, {"parts": [{"kind": "text", "name": "text", "text": "Ada"}]}) == {
        "id": 7,
        "data": {"text": "Ada"},
    }


def test_results_become_suggestions_and_what_is_none_is_counted() -> None:
    result = [
        {"from_name": "kind", "type": "choices", "value": {"choices": ["positive"]}},
        {"from_name": "tags", "type": "choices", "value": {"choices": ["b", "a"]}},
        {"from_name": "names", "type": "labels", "value": {"start": 0, "end": 3, "text": "Ada", "labels": ["person"]}},
        {"from_name": "stars", "type": "rating", "value": {"rating": 9}},
        {"from_name": "better", "type": "pairwise", "value": {"selected": "left"}},
        {"from_name": "why", "type": "textarea", "value": {"text": ["Because."]}},
        {"from_name": "nobody", "type": "choices", "value": {"choices": ["x"]}},
    ]  # fmt: skip
    found, invalid = read_result(SCHEMA, {"result": result, "score": 0.7}, {"text": "Ada sings"})
    assert {row.question: row.value for row in found} == {
        "kind": "pos",
        "tags": ["b", "a"],
        "names": [{"start": 0, "end": 3, "label": "person"}],
        "better": "left",
        "why": "Because.",
    }
    assert {row.confidence for row in found} == {0.7} and [row.question for row in invalid] == ["stars"]


class LabelServer:
    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.answers: list[Any] = []
        """Status codes or bodies in place of the next answers."""

    async def predict(self, request: Request) -> Response:
        body = await request.json()
        self.bodies.append(body)
        if self.answers:
            answer = self.answers.pop(0)
            return Response(status_code=answer) if isinstance(answer, int) else JSONResponse(answer)
        return JSONResponse({
            "model_version": "v7",
            "results": [
                {"result": [{"from_name": "verdict", "value": {"choices": ["good"]}}], "score": 0.6}
                for _ in body["tasks"]
            ],
        })  # fmt: skip


@pytest.fixture
def label_server() -> Iterator[tuple[str, LabelServer]]:
    state = LabelServer()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = Starlette(routes=[Route("/predict", state.predict, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}", state
    server.should_exit = True
    thread.join(5)


def do_calls(ctx: Context) -> dict[str, int]:
    with reading(ctx.engine) as session:
        ids = [row.id for row in session.query(Call).filter(Call.status == "queued")]
    for call_id in ids:
        ctx.loop.submit(perform(ctx.engine, handlers(ctx), call_id, patience_seconds=3)).result(60)
    with reading(ctx.engine) as session:
        counts: dict[str, int] = {}
        for row in session.query(Call):
            counts[row.status] = counts.get(row.status, 0) + 1
        return counts


def test_a_label_server_labels_in_batches(
    world: World, tmp_path: Path, label_server: tuple[str, LabelServer]
) -> None:
    url, server = label_server
    ctx = replace(world.ctx, settings=world.ctx.settings.with_(label_server_hosts="127.0.0.1"))
    project = world.project()
    world.fill(project, [{"id": f"i{n}", "text": f"thing {n}"} for n in range(45)], tmp_path)
    agents.add_agent(ctx, OPERATOR, name="served", kind="label_server", url=url)
    server.answers = [503]  # asked again
    preannotation.start(ctx, OPERATOR, project.id, agent="served")
    assert do_calls(ctx) == {"done": 3}
    assert sorted(len(body["tasks"]) for body in server.bodies) in ([5, 5, 20, 20], [5, 20, 20, 20])
    with reading(ctx.engine) as session:
        rows = session.query(Suggestion).all()
        assert {(row.model, row.model_version, row.value[0], row.confidence) for row in rows} == {
            ("served", "v7", "good", 0.6)
        }
        assert len({row.item_id for row in rows}) == len(rows) == 45


def test_a_server_that_answers_otherwise_stores_nothing(
    world: World, tmp_path: Path, label_server: tuple[str, LabelServer]
) -> None:
    url, server = label_server
    ctx = replace(world.ctx, settings=world.ctx.settings.with_(label_server_hosts="127.0.0.1"))
    project = world.project()
    world.fill(project, [{"id": "a", "text": "thing"}], tmp_path)
    agents.add_agent(ctx, OPERATOR, name="served", kind="label_server", url=url)
    server.answers = [{"results": []}]
    preannotation.start(ctx, OPERATOR, project.id, agent="served")
    assert do_calls(ctx) == {"failed": 1}
    server.answers = [404]
    preannotation.start(ctx, OPERATOR, project.id, agent="served")
    assert do_calls(ctx) == {"failed": 1, "paused": 1}
    with reading(ctx.engine) as session:
        assert session.query(Suggestion).count() == 0


def test_a_host_that_the_operator_did_not_name_is_not_asked(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, [{"id": "a", "text": "thing"}], tmp_path)
    agents.add_agent(world.ctx, OPERATOR, name="served", kind="label_server", url="http://10.0.0.1:9090")
    with pytest.raises(Invalid, match="MILO_LABEL_SERVER_HOSTS"):
        preannotation.start(world.ctx, OPERATOR, project.id, agent="served")


def test_votes_are_weighed() -> None:
    assert vote([("a", 1.0), ("b", 1.0), ("b", 2.0)]) == ("b", 0.75)
    assert vote([("a", 6.0), ("b", 1.0), ("b", 1.0)]) == ("a", 0.75)
    assert vote([(["x"], 1.0), (["y"], 1.0)]) == (["x"], 0.5)


def test_several_agents_become_one_by_their_skill_on_gold(world: World, tmp_path: Path) -> None:
    project = world.project()

    def item(name: str, said: dict[str, str], **more: Any) -> dict[str, Any]:
        suggestions = [{"question": "verdict", "value": v, "model": m} for m, v in said.items()]
        return {"id": name, "text": f"thing {name}", "suggestions": suggestions, **more}

    # On 40 items of gold one model is always right and two are wrong on every other item.
    rows = [
        item(
            f"g{n}",
            {"sage": "good", "x": "good" if n % 2 else "bad", "y": "good" if n % 2 else "bad"},
            gold={"verdict": "good"},
        )
        for n in range(40)
    ]
    rows += [item("new", {"sage": "bad", "x": "good", "y": "good"}), item("one", {"sage": "bad"})]
    world.fill(project, rows, tmp_path)
    agent_quality.measure_skills(world.ctx, OPERATOR, project.id)
    for name, weigh, expected in (("weighed", True, "bad"), ("equal", False, "good")):
        agents.add_agent(
            world.ctx, OPERATOR, name=name, kind="aggregate", agents=["sage", "x", "y"], weigh=weigh
        )
        preannotation.start(world.ctx, OPERATOR, project.id, agent=name, query="id:new,one")
        assert set(world.do_calls()) == {"done"}
        with reading(world.ctx.engine) as session:
            # One agent alone is no majority: the second item has none.
            (row,) = session.query(Suggestion).filter_by(model=name).all()
            assert (row.value, row.confidence_source) == ([expected], "agreement")
    agents.add_agent(world.ctx, OPERATOR, name="nested", kind="aggregate", agents=["equal", "x"])
    with pytest.raises(Invalid, match="combines others itself"):
        preannotation.start(world.ctx, OPERATOR, project.id, agent="nested")
