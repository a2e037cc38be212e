"""What people do with suggestions in a project: whether they rely on them too much, and whether these move their answers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from app.analytics.behaviour import Behaviour, behaviour
from app.analytics.reliance import LabelShift, Reliance, label_shift, reliance
from app.schema import LabelSchema
from app.services.submissions import plain_text
from db import time_frames
from db.engine import Session
from db.records import ProjectRecord
from db.store import items

__all__ = ["DEFINITION", "SuggestionFrames", "SuggestionUse", "suggestion_frames", "suggestion_use"]

DEFINITION = (
    "Over-reliance: wrong suggestions kept, of the wrong ones shown. Under-reliance: right ones changed, of the right ones. "
    "Whether a suggestion is right is known where the item's answer is (gold); wrong ones shown on purpose are counted. "
    "Intervals allow for people who differ."
)
_MOST_LABELS = 30
"""Different values from which on imported values are no labels whose distribution says anything."""


@dataclass(frozen=True, slots=True)
class SuggestionFrames:
    """Rows that the figures are computed of."""

    shown: pd.DataFrame
    """A row per shown suggestion: rater, arm, study, question, right, kept; where people worked here also outcome, taken,
    seconds, words and draft_left."""
    labels: pd.DataFrame
    """A row per first answer in an arm: rater, arm, study, question, label."""
    worked_here: bool
    """False for imported ratings: how an answer came about is not known."""

    def only(self, keep: Callable[[pd.DataFrame], "pd.Series[bool]"]) -> "SuggestionFrames":
        """The rows for which `keep` is true."""
        return replace(self, shown=self.shown[keep(self.shown)], labels=self.labels[keep(self.labels)])


@dataclass(frozen=True, slots=True)
class SuggestionUse:
    definition: str
    reliance: Reliance
    """Over all suggestions whose truth is known."""
    reliance_by_arm: list[Reliance]
    reliance_by_person: list[Reliance]
    planted: int
    """Of them, shown wrong on purpose."""
    truth_unknown: int
    """Suggestions shown whose truth is not known."""
    behaviour: list[Behaviour]
    """One entry for all; empty where nothing was shown, or how answers came about is not known."""
    behaviour_by_arm: list[Behaviour]
    behaviour_by_person: list[Behaviour]
    label_shift: dict[str, LabelShift]
    """Question -> what any help does to its answers; questions answered in no arm are left out."""


def suggestion_frames(
    session: Session, project: ProjectRecord, schema: LabelSchema | None, imported: pd.DataFrame | None
) -> SuggestionFrames:
    """Of a project; `imported` are its ratings (people's) where it holds such."""
    if imported is not None:
        table = imported[["rater", "arm", "question", "value", "gold", "suggestion"]].assign(
            study=float("nan")
        )
        shown = table[table["suggestion"].notna()]
        shown = shown.assign(
            right=(shown["suggestion"] == shown["gold"]).astype(object).where(shown["gold"].notna(), None),
            kept=shown["suggestion"] == shown["value"],
            planted=False,
        )
        labels = table[table["arm"].notna()].rename(columns={"value": "label"})
        labels = labels[labels.groupby("question")["label"].transform("nunique") <= _MOST_LABELS]
        return SuggestionFrames(shown, labels[["rater", "arm", "study", "question", "label"]], False)
    shown = time_frames.shown_suggestions(session, project.id)
    taken = time_frames.acceptances(session, project.id).assign(taken=True)
    shown = shown.merge(taken, how="left", on=["item_id", "user_id", "question"])
    shown["taken"] = shown["taken"].notna()
    shown["kept"] = shown["outcome"] == "confirms"
    wanted = [int(item_id) for item_id in shown.loc[shown["taken"], "item_id"].unique()]
    words = {
        item_id: len(plain_text(content).split()) for item_id, content in items.contents_of(session, wanted)
    }
    shown["words"] = shown["item_id"].map(words).astype(float)
    labels = time_frames.first_labels(session, project.id)
    comparable = {
        question.id
        for question in (schema.questions if schema else ())
        if question.type in ("choice", "rating", "pairwise")
    }
    return SuggestionFrames(shown, labels[labels["question"].isin(comparable)], True)


def suggestion_use(found: SuggestionFrames, *, smallest: int) -> SuggestionUse:
    """Groups of fewer than `smallest` suggestions are left out of the figures by arm and person."""
    shown, known = found.shown, found.shown[found.shown["right"].notna()]
    acted = shown if found.worked_here else shown.iloc[:0]

    def groups(by: str) -> list[Reliance]:
        size = known.groupby(by)["kept"].transform("size") if len(known) else pd.Series(dtype=float)
        return reliance(known[size >= smallest], by)

    def acts(by: str | None) -> list[Behaviour]:
        return behaviour(acted, by, smallest=smallest if by else 1) if len(acted) else []

    return SuggestionUse(
        definition=DEFINITION,
        reliance=reliance(known)[0],
        reliance_by_arm=groups("arm"),
        reliance_by_person=groups("rater"),
        planted=int(known["planted"].sum()),
        truth_unknown=len(shown) - len(known),
        behaviour=acts(None),
        behaviour_by_arm=acts("arm"),
        behaviour_by_person=acts("rater"),
        label_shift={
            str(question): label_shift(part)
            for question, part in found.labels.groupby("question", sort=False)
        },
    )
