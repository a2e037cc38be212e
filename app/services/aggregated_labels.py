"""One label an item out of what several people said."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.analytics.aggregation import Aggregate, dawid_skene, vote
from app.errors import Invalid
from app.services import policy
from app.services.all_ratings import ratings_of
from app.services.context import Actor, Context
from db.engine import reading

__all__ = ["METHODS", "AggregatedLabels", "Method", "aggregate_labels"]

Method = Literal["vote", "dawid-skene"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)


@dataclass(frozen=True, slots=True)
class AggregatedLabels:
    project: str
    question: str
    method: Method
    n_raters: int
    items: list[Aggregate]
    ties: int
    """Items without a label, because several share the first place."""
    prevalence: dict[str, float] | None
    """Label -> share of the items, by the model; None for the vote."""
    accuracy: dict[str, float] | None
    """Rater -> probability to be right, by the model."""
    log_likelihood: float | None
    note: str | None


def aggregate_labels(
    ctx: Context, actor: Actor, project_id: int, *, question: str | None, method: str = "vote"
) -> AggregatedLabels:
    """Labels of one question out of people's first answers; models are no raters here.

    Raises Invalid for an unknown question or method, and when there is no rating.
    """
    chosen = next((known for known in METHODS if known == method), None)
    if chosen is None:
        raise Invalid(f"method {method!r}; there are {', '.join(METHODS)}")
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        found = ratings_of(ctx, session, project).groups
    asked = [name for name, kind in found if kind == "human"]
    if question is None and len(asked) == 1:
        question = asked[0]
    if question not in asked:
        raise Invalid(f"question {question!r}; people's ratings are of {', '.join(asked) or 'none'}")
    rated = found[(question, "human")]
    raters = len(rated.raters)
    if chosen == "vote":
        items = list(vote(rated))
        return AggregatedLabels(
            project.name, question, chosen, raters, items, _ties(items), None, None, None, None
        )
    model = dawid_skene(rated)
    items = list(model.items)
    return AggregatedLabels(
        project=project.name,
        question=question,
        method=chosen,
        n_raters=raters,
        items=items,
        ties=_ties(items),
        prevalence=dict(zip(model.labels, model.prevalence, strict=True)),
        accuracy=model.accuracy,
        log_likelihood=model.log_likelihood,
        note=model.note,
    )


def _ties(items: list[Aggregate]) -> int:
    return sum(item.label is None for item in items)
