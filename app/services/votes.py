"""Who votes on the labels of a question: people, and such models as somebody chose, each of them one rater."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from app.analytics.coding import Coded
from app.errors import Invalid
from app.services.all_ratings import ratings_of
from app.services.context import Context
from app.services.rating_circumstances import rated
from db import question_frames
from db.engine import Session
from db.records import ProjectRecord

__all__ = ["Votes", "model_voters", "votes_of_question"]


@dataclass(frozen=True, slots=True)
class Votes:
    question: str
    ratings: pd.DataFrame | Coded
    """Of people alone as they are kept; else a frame with a column weight: runs of one model share one vote."""
    gold: Mapping[str, str]
    """Item -> its known label."""
    test_gold: Mapping[str, str]
    """Those among them that no model has learned from or was tuned on."""
    models: tuple[str, ...]


def votes_of_question(
    ctx: Context,
    session: Session,
    project: ProjectRecord,
    question: str | None,
    models: Sequence[str],
    *,
    repeats: bool = False,
) -> Votes:
    """Ratings of one question by people and the named models; with `repeats` all of a person for an item.

    Raises Invalid for an unknown question or model.
    """
    found = ratings_of(ctx, session, project).groups
    asked = [name for name, kind in found if kind == "human"]
    if question is None and len(asked) == 1:
        question = asked[0]
    if not asked:
        raise Invalid(
            "no ratings yet that people gave as one label or number: there is nothing to make labels of"
        )
    if question is None:
        raise Invalid(f"name one with --question: {', '.join(asked)}")
    if question not in asked:
        raise Invalid(f"question {question!r}; people's ratings are of {', '.join(asked)}")
    known = question_frames.known_labels(session, project.id, question)
    gold = {item: label_text(value) for item, value, _ in known}
    test = {item: label_text(value) for item, value, split in known if split == "test"}
    people = found[question, "human"]
    if not models and not repeats:
        written = {label_text(label): label for label in people.labels}
        same = [{item: written.get(label, label) for item, label in part.items()} for part in (gold, test)]
        return Votes(question, people, same[0], same[1], ())
    frame = rated(ctx, session, project, question)
    given = frame[["item", "rater", "rater_kind", "value"]]
    suggested = pd.DataFrame(
        question_frames.suggested_labels(session, project.id, question),
        columns=["item", "rater", "value", "at"],
    ).assign(rater_kind="model")
    voters = pd.concat(
        [given[given["rater_kind"] != "human"], suggested.drop(columns="at")], ignore_index=True
    )
    unknown = [name for name in models if name not in set(voters["rater"])]
    if unknown:
        there = ", ".join(sorted(set(voters["rater"].astype(str)))) or "none"
        raise Invalid(f"model {unknown[0]!r} has labelled nothing of {question!r}; there are {there}")
    mine = given[given["rater_kind"] == "human"]
    mine = mine if repeats else mine.drop_duplicates(["item", "rater"])
    runs = voters[voters["rater"].isin(list(models))]
    weight = 1.0 / runs.groupby(["item", "rater"])["value"].transform("size")
    # A person may be called what a model is called.
    both = pd.concat(
        [mine.assign(weight=1.0), runs.assign(weight=weight, rater="model " + runs["rater"].astype(str))],
        ignore_index=True,
    )
    both["value"] = [label_text(value) for value in both["value"]]
    columns = both[["item", "rater", "value", "weight"]]
    return Votes(question, columns, gold, test, tuple(f"model {name}" for name in models))


def model_voters(ctx: Context, session: Session, project: ProjectRecord, question: str) -> list[str]:
    """Models and judges that have labelled the question here or in imported ratings, by name."""
    found = ratings_of(ctx, session, project).groups
    names = {
        str(name)
        for (asked, kind), coded in found.items()
        if asked == question and kind != "human"
        for name in coded.raters
    }
    return sorted(
        names | {rater for _, rater, *_ in question_frames.suggested_labels(session, project.id, question)}
    )


def label_text(value: Any) -> str:
    """A label as text, a whole number always in the same way: 3 and 3.0 are one label."""
    text = str(value)
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else text
