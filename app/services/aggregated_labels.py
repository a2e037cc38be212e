"""One label an item out of what several people said, and such models as somebody chose."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd

from app.analytics.aggregation import SMOOTHING, DawidSkene, dawid_skene, vote
from app.analytics.glad import Glad, glad
from app.analytics.intervals import Share
from app.analytics.long_ratings import FEWEST_A_RATER, Aggregate, few_ratings, long_of
from app.analytics.mace import Mace, mace
from app.analytics.on_gold import OnGold, on_gold
from app.analytics.shares import PeopleShare, share_of
from app.analytics.weighted_vote import SkillOnGold, held_out_vote, skills_on_gold, weighted_vote
from app.errors import Conflict, Invalid
from app.formats import csv_bytes
from app.services import policy
from app.services.context import Actor, Context
from app.services.votes import Votes, model_voters, votes_of_question
from db.engine import reading

__all__ = [
    "LABEL_COLUMNS",
    "METHODS",
    "NEEDS",
    "AggregatedLabels",
    "Method",
    "aggregate_labels",
    "label_rows",
    "labels_csv",
    "voting_models",
]

Method = Literal["vote", "weighted-vote", "dawid-skene", "mace", "glad"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)

NEEDS: Final[dict[Method, str]] = {
    "vote": "needs nothing: the label that most people gave, a shared first place is no label",
    "weighted-vote": "needs known items: each rater's word counts by how often they were right on them",
    "dawid-skene": f"needs {FEWEST_A_RATER} ratings of most raters: learns who confuses which labels; on two of four public sets the vote was better",
    "mace": f"needs {FEWEST_A_RATER} ratings of most raters: learns who guesses; takes all labels as equally frequent, and loses to the vote where one is rare (a public set: .794 of the labels right, the vote .861)",
    "glad": f"needs {FEWEST_A_RATER} ratings of most raters: learns who is able and which items are hard; on four public sets never worse than the vote",
}
"""What each method needs, and where it is known to be worse."""

LABEL_COLUMNS = ("item", "question", "label", "tie", "confidence", "entropy", "n", "method", "shares")

_FEWEST_GOLD = 10
"""Known items a model must have labelled before its word counts beside people's; by judgement."""


@dataclass(frozen=True, slots=True)
class AggregatedLabels:
    project: str
    question: str
    method: Method
    needs: str
    n_raters: int
    models: tuple[str, ...]
    """Raters that are models, by choice."""
    items: list[Aggregate]
    ties: int
    """Items without a label, because several share the first place."""
    prevalence: dict[str, float] | None
    """Label -> share of the items, by the model; None for the votes."""
    accuracy: dict[str, float] | None
    """Rater -> probability to be right, by Dawid and Skene's model."""
    confusion: dict[str, list[list[float]]] | None
    """Rater -> labels x labels, in the order of `prevalence`: the chance that they say the column where the row is
    true, by Dawid and Skene's model."""
    competence: dict[str, float] | None
    """Rater -> how often they know rather than guess, by MACE."""
    ability: dict[str, float] | None
    """Rater -> GLAD's ability: 0 is right half of the time."""
    difficulty: dict[str, float] | None
    """Item -> GLAD's difficulty, to be compared inside one result only."""
    skill: dict[str, SkillOnGold] | None
    """Rater -> right on known items; of models on those that none has learned from. For the weighted vote, and with models."""
    with_label: dict[str, Share]
    """Rater -> how often they said what the label is, own rating included; items without a label are left out."""
    log_likelihood: float | None
    smoothing: float | None
    """What Dawid and Skene's model adds to each count; None for the other methods."""
    diagonal: float | None
    """What it adds besides to each rater's right answers: a prior for raters with few ratings."""
    clamped: bool
    """Whether known items were held to their known label while the raters were learned."""
    on_gold: OnGold | None
    """How often the labels are right where they are known; None where none is."""
    judgments: PeopleShare | None
    """The same of people's single ratings, with an interval that allows for raters who differ."""
    note: str | None


def voting_models(ctx: Context, actor: Actor, project_id: int, question: str) -> list[str]:
    """Models that have labelled the question and could vote on it."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        return model_voters(ctx, session, project, question)


def aggregate_labels(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    question: str | None,
    method: str = "vote",
    models: Sequence[str] = (),
    repeats: bool = False,
    anyway: bool = False,
    smoothing: float | None = None,
    diagonal: float = 0.0,
    clamp: bool = False,
) -> AggregatedLabels:
    """Labels of one question out of people's first answers, and the ratings of the models that are named.

    With `repeats` further ratings of a person for the same item count too, each as an observation of its own.
    A model is one rater however often it ran, and votes only where ratings are weighed and where it has labelled
    enough known items. `smoothing` is what Dawid and Skene's model adds to each count, SMOOTHING unless it is said; 0 is
    the paper's own; `diagonal` is added to right answers besides. `clamp` holds known items to their label while a model
    of raters learns; where models vote that is so anyway. Raises Invalid for an unknown question, method or model, for a
    prior of another method or below 0, for `clamp` of a vote or without known items, and when there is no rating;
    Conflict where the ratings are too few for the method; `anyway` computes it all the same.
    """
    chosen = next((known for known in METHODS if known == method), None)
    if chosen is None:
        raise Invalid(f"method {method!r}; there are {', '.join(METHODS)}")
    if smoothing is not None and (chosen != "dawid-skene" or not 0 <= smoothing < math.inf):
        raise Invalid(f"smoothing {smoothing!r} of {chosen}: only dawid-skene smooths, by 0 or more")
    if diagonal and (chosen != "dawid-skene" or not 0 <= diagonal < math.inf):
        raise Invalid(f"diagonal {diagonal!r} of {chosen}: only dawid-skene has that prior, of 0 or more")
    if clamp and chosen in ("vote", "weighted-vote"):
        raise Invalid(f"{chosen} learns no raters that known items could hold to the truth")
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        votes = votes_of_question(ctx, session, project, question, models, repeats=repeats)
    skill = _skill(votes) if votes.models or chosen == "weighted-vote" else None
    _enough(votes, chosen, skill, anyway=anyway)
    if clamp and not votes.gold:
        raise Invalid(f"no item has a known answer to {votes.question!r}, so there is nothing to hold to")
    clamped = chosen not in ("vote", "weighted-vote") and (clamp or bool(votes.models))
    long = long_of(votes.ratings)
    empty = AggregatedLabels(
        project=project.name,
        question=votes.question,
        method=chosen,
        needs=NEEDS[chosen],
        n_raters=len(long.raters),
        models=votes.models,
        items=[],
        ties=0,
        prevalence=None,
        accuracy=None,
        confusion=None,
        competence=None,
        ability=None,
        difficulty=None,
        skill=skill,
        with_label={},
        log_likelihood=None,
        smoothing=(SMOOTHING if smoothing is None else smoothing) if chosen == "dawid-skene" else None,
        diagonal=diagonal if chosen == "dawid-skene" else None,
        clamped=clamped,
        on_gold=None,
        judgments=None,
        note=None if chosen in ("vote", "weighted-vote") else few_ratings(long),
    )
    items, given = set(long.items), set(long.labels)
    unsaid = sum(item in items and label not in given for item, label in votes.gold.items())
    found = _COMPUTED[chosen](votes, empty)
    if votes.gold:
        gold = pd.Series(votes.gold, dtype=object).reindex(long.items).to_numpy()[long.item]
        of_model = np.isin(np.asarray(long.raters, dtype=object), list(votes.models))[long.rater]
        known = pd.Series(~pd.isna(gold) & ~of_model)
        hits = pd.Series(np.asarray(long.labels, dtype=object)[long.label] == gold)
        raters = pd.Series(np.asarray(long.raters, dtype=object)[long.rater])
        found = replace(found, on_gold=_on_gold(votes, found), judgments=share_of(raters[known], hits[known]))
    labels = [item.label for item in found.items]
    said = np.asarray(long.labels, dtype=object)[long.label]
    truth = np.asarray(labels, dtype=object)[long.item]
    counts = truth != None  # noqa: E711 - of an array
    right = np.bincount(long.rater[counts & (said == truth)], minlength=len(long.raters))
    n = np.bincount(long.rater[counts], minlength=len(long.raters))
    if unsaid:
        said_so = f"{unsaid} known items have a label that nobody gave to any item: no method can find it"
        found = replace(found, note="; ".join(filter(None, (found.note, said_so))))
    return replace(
        found,
        ties=sum(label is None for label in labels),
        with_label={
            name: Share.of(int(right[place]), int(n[place])) for place, name in enumerate(long.raters)
        },
    )


def label_rows(found: AggregatedLabels) -> Iterator[dict[str, Any]]:
    """One row per item, in LABEL_COLUMNS; `shares` is the soft label, `label` is None where the first place is shared."""
    for one in found.items:
        yield {
            "item": one.item,
            "question": found.question,
            "label": one.label,
            "tie": one.label is None,
            "confidence": one.confidence,
            "entropy": one.entropy,
            "n": one.n,
            "method": found.method,
            "shares": one.shares,
        }


def labels_csv(found: AggregatedLabels) -> bytes:
    return csv_bytes(label_rows(found), LABEL_COLUMNS)


def _skill(votes: Votes) -> dict[str, SkillOnGold]:
    """People by all known items, models by those that none has learned from."""
    found = skills_on_gold(votes.ratings, votes.gold)
    if votes.models:
        strict = skills_on_gold(votes.ratings, votes.test_gold)
        found |= {name: strict[name] for name in votes.models}
    return found


def _enough(votes: Votes, method: Method, skill: dict[str, SkillOnGold] | None, *, anyway: bool) -> None:
    if votes.models and method == "vote":
        raise Invalid(
            "the plain vote weighs nobody: choose another method where models vote, or leave them out"
        )
    for name in votes.models:
        known = skill[name].n if skill else 0
        if known < _FEWEST_GOLD:
            raise Conflict(
                f"{name} has labelled {known:g} known items of the test part; {_FEWEST_GOLD} are needed before it votes beside people"
            )
    if method == "weighted-vote":
        compared = [one.n for one in (skill or {}).values()]
        if not any(compared):
            raise Conflict(
                f"no rating is of a known item ({len(votes.gold)} items are known): the weighted vote needs such; use the vote"
            )
        return
    if method == "vote" or anyway:
        return
    long = long_of(votes.ratings)
    given = np.bincount(long.rater, minlength=len(long.raters))
    enough = int((given >= FEWEST_A_RATER).sum())
    if 2 * enough < len(given):
        raise Conflict(
            f"{method} learns each rater from their ratings, and only {enough} of {len(given)} raters have {FEWEST_A_RATER} or more "
            f"(median {np.median(given):g}): use the vote, or ask for it anyway"
        )


def _vote(votes: Votes, empty: AggregatedLabels) -> AggregatedLabels:
    return replace(empty, items=list(vote(votes.ratings)))


def _weighted(votes: Votes, empty: AggregatedLabels) -> AggregatedLabels:
    skill = empty.skill or {}
    unknown = sum(one.n == 0 for one in skill.values())
    return replace(
        empty,
        items=list(weighted_vote(votes.ratings, {name: one.skill for name, one in skill.items()})),
        note=f"{unknown} of {len(skill)} raters have rated no known item and count as a coin"
        if unknown
        else None,
    )


def _dawid_skene(votes: Votes, empty: AggregatedLabels) -> AggregatedLabels:
    smoothing = SMOOTHING if empty.smoothing is None else empty.smoothing
    model = dawid_skene(
        votes.ratings, gold=_fixed(votes, empty), smoothing=smoothing, diagonal=empty.diagonal or 0.0
    )
    return replace(_modelled(empty, model), accuracy=model.accuracy, confusion=model.confusion)


def _mace(votes: Votes, empty: AggregatedLabels) -> AggregatedLabels:
    model = mace(votes.ratings, gold=_fixed(votes, empty))
    return replace(_modelled(empty, model), competence=model.competence)


def _glad(votes: Votes, empty: AggregatedLabels) -> AggregatedLabels:
    model = glad(votes.ratings, gold=_fixed(votes, empty))
    return replace(_modelled(empty, model), ability=model.ability, difficulty=model.difficulty)


def _modelled(empty: AggregatedLabels, model: DawidSkene | Mace | Glad) -> AggregatedLabels:
    return replace(
        empty,
        items=list(model.items),
        prevalence=dict(zip(model.labels, model.prevalence, strict=True)),
        log_likelihood=model.log_likelihood,
    )


_FOLDS = 5


def _on_gold(votes: Votes, found: AggregatedLabels) -> OnGold:
    """Right on known items; where the method learns from these, no item has a part in its own label."""
    if found.method == "weighted-vote":
        fair = held_out_vote(votes.ratings, votes.gold, models=votes.models, test_gold=votes.test_gold)
        return on_gold(fair, votes.gold, held_out="each item is decided by skills on all other known items")
    if not found.clamped:
        return on_gold(found.items, votes.gold)
    there = [one.item for one in found.items if one.item in votes.gold]
    folds = np.random.default_rng(7).permutation(len(there)) % _FOLDS
    fair = []
    for fold in range(_FOLDS):
        held = {item for item, own in zip(there, folds, strict=True) if own == fold}
        others = replace(votes, gold={item: label for item, label in votes.gold.items() if item not in held})
        fair += [one for one in _COMPUTED[found.method](others, found).items if one.item in held]
    return on_gold(
        fair, votes.gold, held_out=f"known items are decided in {_FOLDS} parts, each without its own"
    )


def _fixed(votes: Votes, empty: AggregatedLabels) -> dict[str, str] | None:
    """Known items hold models to the truth; people alone are aggregated as they are, unless somebody asks for it."""
    return dict(votes.gold) if empty.clamped else None


_COMPUTED: Final[dict[Method, Callable[[Votes, AggregatedLabels], AggregatedLabels]]] = {
    "vote": _vote,
    "weighted-vote": _weighted,
    "dawid-skene": _dawid_skene,
    "mace": _mace,
    "glad": _glad,
}
