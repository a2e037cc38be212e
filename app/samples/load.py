"""The sample projects as files beside this module."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.samples.pictures import PICTURES

__all__ = ["Sample", "load_sample", "sample_keys"]

_DATA = Path(__file__).parent / "data"

_REQUEUE = {"requeue": "other"}
"""Simulated people answer nothing anew."""

_PROJECTS: dict[str, tuple[str, str, str | None, dict[str, Any]]] = {
    "comments": (
        "Comment moderation",
        "Decide which reader comments stay, are folded away or are removed, so that readers find the discussion.",
        None,
        {"overlap": 3, "agreement_target": 0.67, "control_share": 0.3, "judge_on": False, "workplace": _REQUEUE,
         "baseline": "One moderator reads every comment: 400 a day."},
    ),
    "pictures": (
        "Picture questions",
        "Short answers to questions about drawn pictures, as a test of visual question answering.",
        None,
        {"overlap": 2, "agreement_target": 0.8, "judge_on": False, "workplace": _REQUEUE,
         "baseline": "No baseline: a new task."},
    ),
    "customers": (
        "Customer answers",
        "Written answers to customer questions that are right, complete and kind, for training a support model.",
        "customer-answer",
        {"overlap": 3, "agreement_target": 0.67, "preannotation_on": False, "workplace": _REQUEUE,
         "baseline": "Answers of the support team as they were sent, median 4 minutes each."},
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    key: str
    name: str
    problem: str
    schema_yaml: str
    guidelines: str
    rubric: str | None
    """Name in the rubric catalogue."""
    items: tuple[Mapping[str, Any], ...]
    """Rows as they would stand in a file to import."""
    settings: Mapping[str, Any]


def sample_keys() -> tuple[str, ...]:
    return tuple(_PROJECTS)


def load_sample(key: str) -> Sample:
    name, problem, rubric, settings = _PROJECTS[key]
    folder = _DATA / key
    rows = PICTURES if key == "pictures" else read_lines(folder / "items.jsonl")
    return Sample(
        key=key,
        name=name,
        problem=problem,
        schema_yaml=(folder / "schema.yaml").read_text(encoding="utf-8"),
        guidelines=(folder / "guidelines.md").read_text(encoding="utf-8"),
        rubric=rubric,
        items=tuple(rows),
        settings={"problem": problem, **settings},
    )


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
