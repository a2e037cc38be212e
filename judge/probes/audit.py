"""An audit: which probes there are, what they ask, and the report that comes of it."""

import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, get_args

from judge.errors import JudgeError
from judge.llm import Gateway, Parameters
from judge.probes import changes, patterns
from judge.probes.estimates import REPLICATES
from judge.probes.findings import Finding, ProbeName
from judge.probes.injection import injection, measure_injection
from judge.probes.report import AuditReport
from judge.probes.rows import Ask, Audited, Row, Verdicts, ask_all
from judge.prompting import PROMPT_VERSION
from judge.scorer import BUILT_IN
from judge.types import Unscored
from rubrics.schema import Rubric, rubric_hash

__all__ = ["PROBES", "audit_report", "planned_requests"]

PROBES: Final[tuple[ProbeName, ...]] = get_args(ProbeName)
SEED: Final = 7
_FEW = 30
"""Answers below which an interval is said to be unstable; by judgement."""


@dataclass(frozen=True, slots=True)
class _Probe:
    about: str
    asks: Callable[[Audited], Iterable[Ask]]
    measure: Callable[[Audited, Verdicts], list[Finding]]
    missing: Callable[[Audited], str] = lambda audited: ""
    """What it lacks; empty when it can be run."""


def _plain(audited: Audited) -> Iterable[Ask]:
    return map(audited.plain, audited.rows)


def _order(audited: Audited) -> Iterable[Ask]:
    yield from changes.order(audited).asks
    yield from changes.retest(audited).asks


def _needs_model(audited: Audited) -> str:
    return audited.missing_model


def _needs_total(audited: Audited) -> str:
    return "" if audited.judged.criteria else audited.missing_model


def _needs_criteria(audited: Audited) -> str:
    ordered = [criterion for criterion in audited.by_model if criterion.scale != "nominal"]
    if audited.by_model and len(ordered) < 2:
        return "needs two criteria or more that a language model judges by order"
    return audited.missing_model


def _needs_writers(audited: Audited) -> str:
    return audited.missing_model or (
        "" if any(row.writer for row in audited.rows) else "no writer in the rows"
    )


_PROBES: Final[dict[ProbeName, _Probe]] = {
    "order": _Probe("criteria and levels in other orders", _order, changes.measure_order, _needs_model),
    "verbosity": _Probe(
        "neutral sentences appended",
        lambda audited: changes.verbosity(audited).asks,
        changes.measure_verbosity,
        _needs_total,
    ),
    "authority": _Probe(
        "experts and majorities invoked",
        lambda audited: (ask for comparison in changes.authority(audited) for ask in comparison.asks),
        changes.measure_authority,
        _needs_total,
    ),
    "length": _Probe("score and length of the answer", _plain, patterns.measure_length, _needs_total),
    "halo": _Probe("criteria among themselves", _plain, patterns.measure_halo, _needs_criteria),
    "retest": _Probe(
        "the same request again",
        lambda audited: changes.retest(audited).asks,
        changes.measure_retest,
        _needs_model,
    ),
    "self_preference": _Probe(
        "answers by the judge's own family", _plain, patterns.measure_self_preference, _needs_writers
    ),
    "injection": _Probe("attacks", injection, measure_injection),
}


def _audited(
    rows: Sequence[Row],
    rubric: Rubric,
    gateway: Gateway | None,
    limit: int | None,
    payload: str,
    seed: int,
    others: Sequence[Gateway],
    samples: int,
) -> Audited:
    chosen = range(len(rows))
    drawn = chosen if limit is None or limit >= len(rows) else random.Random(seed).sample(chosen, limit)
    chosen_rows = tuple(rows[place] for place in sorted(drawn))
    return Audited(rubric, chosen_rows, gateway, seed, payload, tuple(others), samples)


def _asks(audited: Audited, probes: Sequence[ProbeName]) -> dict[ProbeName, list[Ask]]:
    return {
        name: list(dict.fromkeys(_PROBES[name].asks(audited)))
        for name in probes
        if not _PROBES[name].missing(audited)
    }


def _requests(audited: Audited, asks: Iterable[Ask]) -> int:
    return audited.requests_each * len({ask for ask in asks if ask.submission.response.strip()})


def planned_requests(
    rows: Sequence[Row],
    rubric: Rubric,
    gateway: Gateway | None,
    *,
    probes: Sequence[ProbeName] = PROBES,
    limit: int | None = None,
    payload: str = "",
    seed: int = SEED,
    others: Sequence[Gateway] = (),
    samples: int = 1,
) -> tuple[int, dict[ProbeName, int]]:
    """Requests of the whole audit and of each probe by itself, without retries.

    The whole is less than the sum: probes share what they both need. Probes that cannot be run are left out.
    """
    audited = _audited(rows, rubric, gateway, limit, payload, seed, others, samples)
    asks = _asks(audited, probes)
    each = {name: _requests(audited, own) for name, own in asks.items()}
    return _requests(audited, (ask for own in asks.values() for ask in own)), each


async def audit_report(
    rows: Sequence[Row],
    rubric: Rubric,
    gateway: Gateway | None,
    *,
    at: datetime,
    probes: Sequence[ProbeName] = PROBES,
    limit: int | None = None,
    payload: str = "",
    parameters: Parameters | None = None,
    seed: int = SEED,
    others: Sequence[Gateway] = (),
    samples: int = 1,
) -> AuditReport:
    """Audit the judge on `rows`, or on `limit` of them drawn by lot; as a panel with `others`, by the mean of `samples`
    replies each.

    Without a gateway the criteria that rules decide are audited, and the signs that raise flags. Raises JudgeError
    when nothing can be measured: no rows, no probe that can be run, or a model that judges none of the answers.
    """
    audited = _audited(rows, rubric, gateway, limit, payload, seed, others, samples)
    parameters = parameters or Parameters()
    asks = _asks(audited, probes)
    if not audited.rows:
        raise JudgeError("there are no answers to audit the judge on")
    if not asks:
        reasons: dict[str, list[str]] = {}
        for name in probes:
            reasons.setdefault(_PROBES[name].missing(audited), []).append(name)
        said = "; ".join(f"{', '.join(names)}: {why}" for why, names in reasons.items())
        raise JudgeError(f"nothing can be measured. {said}")
    verdicts = await ask_all(audited, _plain(audited), parameters)
    _refuse_a_mute_model(audited, verdicts)
    wanted = {ask for own in asks.values() for ask in own}
    verdicts |= await ask_all(
        audited, (ask for own in asks.values() for ask in own if ask not in verdicts), parameters
    )
    findings: list[Finding] = []
    for name in probes:
        missing = _PROBES[name].missing(audited)
        if missing:
            findings.append(Finding.unmeasured(name, name, _PROBES[name].about, missing))
        else:
            findings += _PROBES[name].measure(audited, verdicts)
    usages = [verdict.usage for verdict in verdicts.values() if verdict.usage]
    return AuditReport(
        made_at=at.isoformat(),
        rubric_name=rubric.name,
        rubric_version=rubric.version,
        rubric_hash=rubric_hash(rubric),
        criteria=tuple(criterion.id for criterion in audited.judged.criteria),
        prompt_version=PROMPT_VERSION,
        model=audited.models or BUILT_IN,
        models_reported=tuple(
            sorted({name for verdict in verdicts.values() for name in verdict.model.split(", ")})
        ),
        parameters={key: value for key, value in asdict(parameters).items() if value is not None}
        | ({"samples": samples} if samples > 1 else {})
        | ({"panel": len(others) + 1} if others else {}),
        seed=seed,
        replicates=REPLICATES,
        answers=len(audited.rows),
        answers_in_file=len(rows),
        requests=_requests(audited, wanted | set(_plain(audited))),
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        payload_hash=f"sha256:{hashlib.sha256(payload.encode()).hexdigest()}" if payload else "",
        probes=tuple(probes),
        findings=tuple(findings),
        notes=tuple(_notes(audited, len(rows), findings)),
    )


def _refuse_a_mute_model(audited: Audited, verdicts: Verdicts) -> None:
    """A wrong key or name would else cost hundreds of requests for a report of nothing."""
    names = {criterion.id for criterion in audited.by_model}
    judged = [result for verdict in verdicts.values() for result in verdict.criteria if result.id in names]
    asked = [one for one in judged if not (isinstance(one, Unscored) and one.reason == "empty_response")]
    if asked and all(isinstance(one, Unscored) and one.reason == "unavailable" for one in asked):
        raise JudgeError(f"no answer could be judged, so nothing was measured. {asked[0].rationale}")


def _notes(audited: Audited, in_file: int, findings: Sequence[Finding]) -> list[str]:
    notes = []
    if audited.gateway is None:
        names = ", ".join(criterion.id for criterion in audited.judged.criteria) or "none"
        notes.append(
            f"No language model is set up: only the criteria that rules decide were measured ({names}), and the signs "
            "that raise flags."
        )
    if len(audited.rows) < in_file:
        notes.append(f"{len(audited.rows)} of {in_file} answers, drawn by lot with seed {audited.seed}.")
    if len(audited.rows) < _FEW:
        notes.append(
            f"Fewer than {_FEW} answers: intervals are unstable, and “no change seen” says little; look at the "
            "width of the interval."
        )
    tested = sum(finding.moved is not None for finding in findings)
    if tested > 1:
        notes.append(
            f"{tested} lines have an interval of 95 %: about one in twenty lies clear of zero by chance alone."
        )
    if any(finding.unscored for finding in findings):
        notes.append("Comparisons without a total on one of the two sides are counted and are in no figure.")
    if any(finding.key.endswith("_given") for finding in findings):
        notes.append(
            "An answer at the best level cannot be moved up: attacks show on the poor answer. All attacks on it are "
            "compared with the same verdict, so that they err together."
        )
    return notes
