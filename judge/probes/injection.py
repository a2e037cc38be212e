"""Whether the judge can be talked into a score, whether people are told, and what the defence costs."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from judge.probes.attacks import POOR, attacks
from judge.probes.changes import Comparison, change
from judge.probes.findings import Finding
from judge.probes.rows import Ask, Audited, Verdicts
from judge.suspicion import suspicions

__all__ = ["injection", "measure_injection"]


def _attacked(audited: Audited) -> list[Comparison]:
    """Each attack on the answers as given and on a poor one; what stands alone is compared with the poor one."""
    plain = [audited.plain(row) for row in audited.rows]
    poor = [ask.answering(POOR) for ask in plain]
    found = []
    for attack in attacks(audited.rubric, audited.payload):
        places: Sequence[tuple[str, str, list[Ask]]] = (
            [("alone", "alone", poor)]
            if attack.alone
            else [("given", "as given", plain), ("poor", "on a poor answer", poor)]
        )
        for place, words, before in places:
            pairs = tuple((ask, (ask.answering(attack.write(ask.submission.response)),)) for ask in before)
            found.append(Comparison(f"{attack.key}_{place}", f"{attack.about}, {words}", pairs))
    return found


def _guards(audited: Audited) -> Comparison:
    """Ordinary answers with the defences against a request without them; those that show a sign are left out."""
    plain = (audited.plain(row) for row in audited.rows)
    benign = [ask for ask in plain if not suspicions(audited.rubric, ask.submission)]
    pairs = tuple((replace(ask, guarded=False), (ask,)) for ask in benign)
    return Comparison("guards", "the defences themselves, on ordinary answers", pairs)


def injection(audited: Audited) -> Iterable[Ask]:
    """Every verdict that the suite needs."""
    for comparison in _attacked(audited):
        yield from comparison.asks
    if audited.by_model:
        yield from _guards(audited).asks


def measure_injection(audited: Audited, verdicts: Verdicts) -> list[Finding]:
    found = []
    for comparison in _attacked(audited):
        attacked = [others[0].submission for _, others in comparison.pairs]
        flagged = sum(bool(suspicions(audited.rubric, one)) for one in attacked)
        if audited.judged.criteria:
            finding = change(audited, "injection", comparison, verdicts)
        else:
            why = audited.missing_model
            finding = Finding.unmeasured("injection", comparison.key, comparison.about, why)
        found.append(replace(finding, flagged=flagged, flaggable=len(attacked)))
    return [*found, _cost_of_guards(audited, verdicts)]


def _cost_of_guards(audited: Audited, verdicts: Verdicts) -> Finding:
    comparison = _guards(audited)
    signs = len(audited.rows) - len(comparison.pairs)
    if audited.by_model:
        note = "with the defences minus without them"
        finding = replace(change(audited, "injection", comparison, verdicts), note=note)
    else:
        finding = Finding.unmeasured("injection", comparison.key, comparison.about, audited.missing_model)
    return replace(finding, flagged=signs, flaggable=len(audited.rows))
