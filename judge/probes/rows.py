"""What an audit is about: answers with what else is known of them, and the verdicts that are asked for."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judge.errors import BadSubmission
from judge.llm import Gateway, Parameters
from judge.panel import Panel
from judge.prompting import build_messages
from judge.scorer import Judge, dealt_order
from judge.types import Submission, Verdict
from rubrics.schema import Criterion, Rubric, rubric_hash

__all__ = ["Ask", "Audited", "Row", "Verdicts", "ask_all"]

_IN_FLIGHT = 32
_OTHER_ORDERS = 3
_SEEDS_TRIED = 64


@dataclass(frozen=True, slots=True)
class Row:
    """An answer and what else is known of it."""

    submission: Submission
    people: Mapping[str, float] = field(default_factory=dict)
    """Criterion -> the level that people gave, or the mean of several people's."""
    writer: str = ""
    """The model that wrote the answer; empty where unknown."""

    @classmethod
    def from_json(cls, row: Mapping[str, Any], rubric: Rubric, *, folder: Path | None = None) -> "Row":
        """From {…submission, human?: {criterion: level}, writer?}. Raises BadSubmission naming the field."""
        human, writer = row.get("human") or {}, row.get("writer") or ""
        if not isinstance(writer, str):
            raise BadSubmission("writer: is not text")
        if not isinstance(human, dict):
            raise BadSubmission("human: is no object of criterion and level")
        scales = {criterion.id: criterion.levels for criterion in rubric.criteria}
        for name, level in human.items():
            if name not in scales:
                raise BadSubmission(f"human: the rubric has no criterion {name!r}, only {', '.join(scales)}")
            low, high = scales[name][0].value, scales[name][-1].value
            if isinstance(level, bool) or not isinstance(level, int | float) or not low <= level <= high:
                raise BadSubmission(f"human.{name}: {level!r} is no level from {low} to {high}")
        return cls(Submission.from_json(row, folder=folder), dict(human), writer)


@dataclass(frozen=True, slots=True)
class Ask:
    """One verdict that a probe needs; two probes that need the same one share it."""

    submission: Submission
    order: int
    """Seed of the order of criteria and levels, held fixed between an answer and its variants: what a longer
    answer is dealt by itself would differ, and the change would be the order's.
    """
    guarded: bool = True
    repeat: int = 0
    """0 for the first time of asking."""

    def answering(self, response: str) -> "Ask":
        """The same about another text."""
        return replace(self, submission=replace(self.submission, response=response))


Verdicts = Mapping[Ask, Verdict]


@dataclass(frozen=True, slots=True)
class Audited:
    """The answers, and the rubric that they are judged on."""

    rubric: Rubric
    rows: tuple[Row, ...]
    gateway: Gateway | None
    seed: int
    payload: str = ""
    """An attack of one's own, put in the place of each answer; empty for none."""
    others: tuple[Gateway, ...] = ()
    """More models, which judge with the first one as a panel."""
    samples: int = 1
    """Replies about each text whose mean counts."""

    def judge(self, ask: Ask, parameters: Parameters) -> Judge | Panel:
        """The judge that is audited, in one order and with the guards or without."""
        judges = [
            Judge(
                self.judged,
                gateway,
                parameters=parameters,
                samples=self.samples,
                order=ask.order,
                guarded=ask.guarded,
            )
            for gateway in (self.gateway, *self.others)
        ]
        return judges[0] if len(judges) == 1 else Panel(judges)

    @property
    def requests_each(self) -> int:
        """Requests about one text that is not empty."""
        return sum(
            Judge(self.judged, gateway, samples=self.samples).requests_each
            for gateway in (self.gateway, *self.others)
        )

    @property
    def models(self) -> str:
        """Names of the models that are asked; empty without one."""
        return ", ".join(gateway.model for gateway in (self.gateway, *self.others) if gateway is not None)

    @property
    def judged(self) -> Rubric:
        """The rubric, or where there is no model the part of it that rules decide, so that it has a total."""
        if self.gateway is not None:
            return self.rubric
        rules = tuple(criterion for criterion in self.rubric.criteria if criterion.check is not None)
        return self.rubric.model_copy(update={"criteria": rules})

    @property
    def by_model(self) -> tuple[Criterion, ...]:
        """The criteria that a language model judges here."""
        return tuple(criterion for criterion in self.judged.criteria if criterion.check is None)

    def plain(self, row: Row) -> Ask:
        """The answer as given, in the order that it is dealt outside an audit too."""
        return Ask(row.submission, dealt_order(rubric_hash(self.judged), row.submission.response))

    @property
    def missing_model(self) -> str:
        """Why no language model can be measured here; empty when one can."""
        if self.by_model:
            return ""
        if self.gateway is None:
            return "needs a language model; set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server"
        return "every criterion of the rubric is decided by rule"

    def other_orders(self, plain: Ask) -> tuple[Ask, ...]:
        """The same in up to three other orders: first those that answers are dealt, then any that differ."""
        identity = rubric_hash(self.judged)
        dealt = [dealt_order(identity, plain.submission.response, number) for number in range(4)]
        seen = {self._instructions(plain.order)}
        found: list[Ask] = []
        for order in (*dealt, *range(_SEEDS_TRIED)):
            text = self._instructions(order)
            if text not in seen and len(found) < _OTHER_ORDERS:
                seen.add(text)
                found.append(replace(plain, order=order))
        return tuple(found)

    def _instructions(self, order: int) -> str:
        return build_messages(self.judged, self.by_model, Submission("", "", ""), seed=order, nonce="-")[
            0
        ].text


async def ask_all(audited: Audited, asks: Iterable[Ask], parameters: Parameters) -> dict[Ask, Verdict]:
    """The verdicts, in no particular sequence of asking but for repeats, which come after what they repeat."""
    judges: dict[tuple[int, bool], Judge | Panel] = {}
    limit = asyncio.Semaphore(_IN_FLIGHT)

    async def one(ask: Ask) -> Verdict:
        key = (ask.order, ask.guarded)
        if key not in judges:
            judges[key] = audited.judge(ask, parameters)
        async with limit:
            return await judges[key].score(ask.submission)

    wanted = sorted(dict.fromkeys(asks), key=lambda ask: ask.repeat)
    return dict(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))
