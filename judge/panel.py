"""Several models judge the same answer; their mean counts, and where they lie apart a person should look."""

import asyncio
from collections.abc import Sequence

from judge.errors import JudgeError
from judge.flags import flags_of
from judge.merging import merge
from judge.scorer import Judge, total_of
from judge.types import Submission, Verdict
from rubrics.schema import rubric_hash

__all__ = ["Panel"]


class Panel:
    """Judges with one rubric and a model each; models of different families err less alike (Verga et al. 2024)."""

    def __init__(self, judges: Sequence[Judge]) -> None:
        if len(judges) < 2 or len({rubric_hash(judge.rubric) for judge in judges}) != 1:
            raise JudgeError("a panel needs two judges or more, all with the same rubric")
        self.judges = tuple(judges)
        self.rubric = judges[0].rubric

    async def score(self, submission: Submission) -> Verdict:
        """The panel's verdict: per criterion the mean of its members, told in the words of the nearest one."""
        verdicts = await asyncio.gather(*(judge.score(submission) for judge in self.judges))
        results = [
            verdicts[0].criteria[place]
            if criterion.check is not None
            else merge(criterion, [verdict.criteria[place] for verdict in verdicts], "panel")
            for place, criterion in enumerate(self.rubric.criteria)
        ]
        total = total_of(self.rubric, results)
        usages = [verdict.usage for verdict in verdicts if verdict.usage]
        first = verdicts[0]
        mark = self.rubric.pass_mark
        return Verdict(
            id=submission.id,
            criteria=tuple(results),
            total=total,
            passed=None if total is None or mark is None else total >= mark,
            rubric_name=first.rubric_name,
            rubric_version=first.rubric_version,
            rubric_hash=first.rubric_hash,
            model=", ".join(dict.fromkeys(verdict.model for verdict in verdicts)),
            usage=sum(usages[1:], usages[0]) if usages else None,
            prompt_version=first.prompt_version,
            parameters={**first.parameters, "panel": len(verdicts)},
            raw="\n".join(verdict.raw for verdict in verdicts if verdict.raw) or None,
            flags=flags_of(self.rubric, submission, results),
            requests=sum(verdict.requests for verdict in verdicts),
            failures=tuple(failed for verdict in verdicts for failed in verdict.failures),
        )
