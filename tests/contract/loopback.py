"""An OpenAI-compatible server on this machine, with faults on request.

By default it answers sensibly: it fills the JSON schema that it is asked for, quoting the first words of the
answer it is shown as evidence. A script of faults makes single requests go wrong in the ways real endpoints do.
Run it by hand with `python tests/contract/loopback.py --port 9999` and set OPENAI_BASE_URL to try the pages.
"""

import argparse
import asyncio
import json
import random
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

ANSWER = re.compile(r'"answer": "((?:[^"\\]|\\.)*)"')
SIDES = re.compile(r'"(A|B)": "((?:[^"\\]|\\.)*)"')
DEMAND = re.compile(r"give me \d", re.IGNORECASE)


@dataclass
class Loopback:
    base_url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    script: list[str] = field(default_factory=list)
    """Faults of the next requests, one each; empty means that all goes well."""
    chances: dict[str, float] = field(default_factory=dict)
    """Fault -> how often it happens when the script is empty. The same requests meet it each time: drawn from `faults`."""
    faults: random.Random = field(default_factory=lambda: random.Random(1))
    latency: float = 0.0
    """Seconds before each answer."""
    level: int | None = None
    """The level to give, where the schema allows it; the best one otherwise."""
    gullible: bool = False
    """Whether an answer that demands a level ("give me 5") gets the best one."""
    piece_seconds: float = 0.0
    first_pieces: list[float] = field(default_factory=list)
    """When the first piece of each stream left, seconds since 1970."""

    def forget(self) -> None:
        """As if it had just been started."""
        self.requests.clear()
        self.headers.clear()
        self.script.clear()
        self.first_pieces.clear()
        self.chances.clear()
        self.faults.seed(1)
        self.level, self.piece_seconds, self.latency = None, 0.0, 0.0
        self.gullible = False

    def next_fault(self) -> str:
        if self.script:
            return self.script.pop(0)
        drawn = self.faults.random()
        for fault, share in self.chances.items():
            drawn -= share
            if drawn < 0:
                return fault
        return "ok"


def fill(schema: dict[str, Any], root: dict[str, Any], quote: str, level: int | None) -> Any:
    """A value that fits the schema."""
    if "$ref" in schema:
        return fill(root["$defs"][schema["$ref"].split("/")[-1]], root, quote, level)
    if "enum" in schema:
        return level if level in schema["enum"] else schema["enum"][-1]
    kind = schema.get("type")
    if kind == "object":
        return {name: fill(part, root, quote, level) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [quote]
    if kind in ("integer", "number"):
        return 1
    if kind == "boolean":
        return True
    return f"Rests on “{quote}”."


def wanted(body: dict[str, Any]) -> dict[str, Any] | None:
    response_format = body.get("response_format") or {}
    if "json_schema" in response_format:
        return dict(response_format["json_schema"]["schema"])
    if body.get("tools"):
        return dict(body["tools"][0]["function"]["parameters"])
    for message in body["messages"]:
        text = message["content"] if isinstance(message["content"], str) else ""
        start = text.find('{\n  "')
        if start >= 0 and '"properties"' in text:
            return dict(json.JSONDecoder().raw_decode(text[start:])[0])
    return None


def last_answer(body: dict[str, Any]) -> str:
    for message in reversed(body["messages"]):
        content = message["content"]
        text = (
            content if isinstance(content, str) else " ".join(part.get("text", "") for part in content or ())
        )
        found = ANSWER.search(text or "")
        if found:
            return str(json.loads(f'"{found.group(1)}"'))
    return "nothing"


def compared(body: dict[str, Any]) -> dict[str, Any]:
    """Whether A and B contradict each other: where just one of them says "not"; quotes their first words."""
    text = str(body["messages"][-1]["content"])
    sides = {name: str(json.loads(f'"{words}"')) for name, words in SIDES.findall(text)}
    negated = [bool(re.search(r"\bnot\b|n't\b", sides[name])) for name in ("A", "B")]
    differ = negated[0] != negated[1]
    a, b = ([" ".join(sides[name].split()[:5])] if differ else [] for name in ("A", "B"))
    return {
        "quotes_from_a": a,
        "quotes_from_b": b,
        "why": "One says not." if differ else "",
        "contradict": differ,
    }


def completion(body: dict[str, Any], message: dict[str, Any], finish: str = "stop") -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": f"{body['model']}-2026",
        "system_fingerprint": "fp_loop",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": None, "refusal": None, **message},
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


def good(body: dict[str, Any], state: Loopback) -> dict[str, Any]:
    schema = wanted(body)
    if schema is None:
        return completion(body, {"content": "Yes."})
    answer = last_answer(body)
    quote = " ".join(answer.split()[:5])
    level = None if state.gullible and DEMAND.search(answer) else state.level
    two = "quotes_from_a" in schema.get("properties", {})
    text = json.dumps(compared(body) if two else fill(schema, schema, quote, level), ensure_ascii=False)
    if body.get("tools"):
        name = body["tools"][0]["function"]["name"]
        call = {"id": "t1", "type": "function", "function": {"name": name, "arguments": text}}
        return completion(body, {"tool_calls": [call]}, "tool_calls")
    fenced = "response_format" not in body
    return completion(body, {"content": f"```json\n{text}\n```" if fenced else text})


def make(state: Loopback) -> Starlette:
    async def chat(request: Request) -> Response:
        body = await request.json()
        state.requests.append(body)
        state.headers.append(dict(request.headers))
        fault = state.next_fault()
        if state.latency:
            await asyncio.sleep(state.latency)
        if fault.startswith("slow:"):
            await asyncio.sleep(float(fault.split(":")[1]))
            fault = "ok"
        answer = faulty(fault, body, state)
        if answer is not None:
            return answer
        if body.get("stream"):
            return StreamingResponse(pieces(body, state, fault), media_type="text/event-stream")
        if fault == "cut":
            return StreamingResponse(half(json.dumps(good(body, state))), media_type="application/json")
        return JSONResponse(good(body, state))

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


async def half(text: str) -> AsyncIterator[bytes]:
    """Half of the text, then the connection is gone."""
    yield text[: len(text) // 2].encode()
    raise ConnectionResetError("scripted cut")


def faulty(fault: str, body: dict[str, Any], state: Loopback) -> Response | None:
    error = {"error": {"message": f"scripted {fault}", "type": "scripted", "code": fault}}
    message = good(body, state)["choices"][0]["message"]
    text = (
        message["tool_calls"][0]["function"]["arguments"] if "tool_calls" in message else message["content"]
    )
    if fault.startswith("429:"):
        return JSONResponse(error, 429, {"Retry-After": fault.split(":")[1]})
    match fault:
        case "401" | "403" | "404" | "429" | "500" | "503":
            return JSONResponse(error, int(fault))
        case "insufficient_quota":
            return JSONResponse(error, 429)
        case "context_length_exceeded":
            return JSONResponse(error, 400)
        case "no_json_schema":
            return JSONResponse(error, 400) if "response_format" in body else None
        case "no_tools":
            return JSONResponse(error, 400) if "response_format" in body or body.get("tools") else None
        case "garbage":
            return JSONResponse(completion(body, {"content": "I would say it is rather good."}))
        case "cut_json":
            return JSONResponse(completion(body, {"content": text[: len(text) // 2]}))
        case "length":
            return JSONResponse(completion(body, {"content": '{"a'}, "length"))
        case "refusal":
            return JSONResponse(completion(body, {"refusal": "I will not judge this."}))
        case "filtered":
            return JSONResponse(completion(body, {"content": ""}, "content_filter"))
        case "fenced":
            return JSONResponse(completion(body, {"content": f"```json\n{text}\n```"}))
        case "json_in_content":
            return JSONResponse(completion(body, {"content": text}))
        case "empty":
            return JSONResponse(completion(body, {"content": None}))
        case "no_usage":
            return JSONResponse(good(body, state) | {"usage": None})
        case "no_choices":
            return JSONResponse(good(body, state) | {"choices": []})
        case "no_message":
            return JSONResponse(good(body, state) | {"choices": [{"index": 0, "finish_reason": "stop"}]})
        case "error_body":
            return JSONResponse(error, 200)
        case "html":
            return HTMLResponse("<html>Bad gateway</html>")
        case _:
            return None


async def pieces(body: dict[str, Any], state: Loopback, fault: str) -> AsyncIterator[bytes]:
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": f"{body['model']}-2026"}

    def event(delta: dict[str, str], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return f"data: {json.dumps(head | {'choices': [choice]})}\n\n".encode()

    if fault == "refusal_stream":
        yield event({"refusal": "I will not say."})
    else:
        state.first_pieces.append(time.time())
        for number, word in enumerate(["It ", "rests ", "on ", "the ", "guidelines."]):
            yield event({"content": word})
            if number == 1 and fault == "cut_stream":
                return
            if number == 1 and fault == "reset_stream":
                raise ConnectionResetError("scripted reset")
            if number == 1 and fault == "error_stream":
                yield b'data: {"error": {"message": "scripted error midway"}}\n\n'
                return
            await asyncio.sleep(state.piece_seconds)
    yield event({}, {"filtered_stream": "content_filter", "length_stream": "length"}.get(fault, "stop"))
    usage = {"prompt_tokens": 50, "completion_tokens": 5, "total_tokens": 55}
    yield f"data: {json.dumps(head | {'choices': [], 'usage': usage})}\n\ndata: [DONE]\n\n".encode()


@contextmanager
def running_loopback(port: int = 0) -> Iterator[Loopback]:
    """The server in a thread of this process."""
    state = Loopback()
    # A cut connection is an exception inside the server, raised on purpose: its traceback would be noise.
    server = uvicorn.Server(uvicorn.Config(make(state), port=port, log_level="critical", loop="asyncio"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    state.base_url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    try:
        yield state
    finally:
        server.should_exit = True
        thread.join(timeout=5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9999)
    parser.add_argument("--piece-seconds", type=float, default=0.05)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--level", type=int, help="the level to give; the best one when left out")
    parser.add_argument("--gullible", action="store_true", help="obey answers that demand a level")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt), running_loopback(options.port) as running:
        running.piece_seconds, running.latency = options.piece_seconds, options.latency
        running.level, running.gullible = options.level, options.gullible
        print(f"OPENAI_BASE_URL={running.base_url}", flush=True)
        while True:
            time.sleep(3600)
