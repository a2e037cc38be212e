"""Agreement on questions with several labels and on spans: by measures that know partly equal answers."""

from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from app.analytics.agreement import Alpha, alpha, count_label_sets
from app.analytics.label_agreement import LabelAgreement, by_label
from app.analytics.parts_apart import MOST_SETS, PairAlpha, most_raters, pairwise_set_alphas
from app.analytics.span_agreement import MeanF1, SpanPair, count_spans, mean_f1, pairwise_f1
from app.analytics.span_alpha import position_alpha
from app.errors import Invalid
from app.schema import TextQuestion
from app.services import policy
from app.services.cohorts import members_of
from app.services.context import Actor, Context
from app.services.preference_order import PreferenceOrder, preference_orders
from app.services.projects import schema_of
from app.services.several_parts import PartAnswers, part_answers
from db import question_frames, rating_frames
from db.engine import Session, reading
from db.store import projects

__all__ = [
    "LeftOut",
    "PartsAgreement",
    "PartsChoice",
    "SetAgreement",
    "SpanAgreement",
    "character_alpha",
    "part_version",
    "parts_agreement",
    "parts_remarks",
    "spans_of",
    "text_lengths",
]

_MOST_RATERS = 60
"""Raters that are compared pair by pair, 1,770 pairs of sets or spans; by judgement."""
_REPLICATES = 1_000
_FEWEST_REPLICATES = 200
_DRAWN = 20_000_000
"""Replicates x items held at once, 160 MB; of more items there are fewer replicates."""


@dataclass(frozen=True, slots=True)
class SetAgreement:
    """A question with several labels: an answer is a set."""

    question: str
    title: str
    rater_kind: str
    masi: Alpha
    """Krippendorff's alpha with the distance MASI: sets that hold each other are nearer than such as merely overlap."""
    jaccard: Alpha
    nominal: Alpha
    """Equal or not at all: what partly equal sets cost."""
    labels: list[LabelAgreement]
    """Each label given or not, whatever is given besides."""
    declared: tuple[str, ...] | None
    """The labels of the newest schema; None where the question is not in one."""
    unused: tuple[str, ...]
    """Declared labels that nobody gave."""
    raters: tuple[str, ...]
    pairs: list[PairAlpha]
    """Alpha (MASI) of every two raters."""
    unpaired: int
    empty: int
    malformed: int
    undeclared: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class SpanAgreement:
    question: str
    title: str
    rater_kind: str
    exact: MeanF1
    """Same start, end and label; mean over pairs of raters."""
    overlap: MeanF1
    """Same label and at least one character in common, each span matched once."""
    position: Alpha
    """Over the characters of the text, each with its label or none."""
    no_text: int
    """Items left out of `position`: their text is not known here, or a span ends beyond it."""
    declared: tuple[str, ...] | None
    labels: dict[str, int]
    """Label -> spans with it."""
    raters: tuple[str, ...]
    pairs: list[SpanPair]
    unpaired: int
    empty: int
    malformed: int
    undeclared: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class PartsChoice:
    """Which answers count; all where nothing is chosen."""

    raters: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    """Both inclusive, in UTC. Answers of no known day are left out of a period."""
    cohort: str = ""
    """Of people, only those of this cohort; models and judges are in none and stay. Empty: everybody."""

    def of(self, found: PartAnswers, members: frozenset[str]) -> PartAnswers:
        """`members`: the logins of the cohort."""
        frame = found.frame
        if self.cohort and found.rater_kind == "human":
            frame = frame[frame["rater"].isin(list(members))]
        if self.raters:
            frame = frame[frame["rater"].isin(list(self.raters))]
        if self.since or self.until:
            days = pd.to_datetime(frame["at"], utc=True).dt.date
            kept = frame["at"].notna()
            kept &= days >= self.since if self.since else True
            kept &= days <= self.until if self.until else True
            frame = frame[kept]
        return replace(found, frame=frame.reset_index(drop=True))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A question that no coefficient is computed for."""

    question: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class PartsAgreement:
    label_sets: list[SetAgreement]
    spans: list[SpanAgreement]
    preferences: list[PreferenceOrder]
    left_out: list[LeftOut]


def parts_agreement(
    ctx: Context, actor: Actor, project_id: int, choice: PartsChoice | None = None
) -> PartsAgreement:
    """Agreement on sets of labels and on spans, of first submissions and imported ratings, kinds of raters apart.

    `choice` narrows sets and spans to some raters, a cohort or days; preferences stay as they are. Raises Invalid for a period that
    ends before it begins, and a cohort that nobody is in.
    """
    choice = choice or PartsChoice()
    if choice.since and choice.until and choice.until < choice.since:
        raise Invalid(f"the period ends on {choice.until} before it begins on {choice.since}")
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        version = part_version(session, project_id)
        members = members_of(session, project_id, choice.cohort) if choice.cohort else frozenset()

        def figures() -> PartsAgreement:
            found = [choice.of(one, members) for one in part_answers(ctx, session, project)]
            lengths = text_lengths(session, project_id, found)
            latest = projects.latest_schema(session, project_id)
            asked = schema_of(latest).questions if latest else ()
            return PartsAgreement(
                label_sets=[_sets(one) for one in found if one.parts == "sets"],
                spans=[_spans(one, lengths.get(one.part or "", {})) for one in found if one.parts == "spans"],
                preferences=preference_orders(ctx, session, project),
                left_out=[
                    LeftOut(
                        question.id,
                        question.title,
                        "free text has no labels to agree on; a rubric, and people's scores of it, say how good it is",
                    )
                    for question in asked
                    if isinstance(question, TextQuestion)
                ],
            )

        return ctx.figures.of(("parts", project_id, choice, members), version, figures)


def part_version(session: Session, project_id: int) -> tuple[object, ...]:
    """Equal as long as nothing was added that changes a figure."""
    latest = projects.latest_schema(session, project_id)
    return rating_frames.ratings_state(session, project_id), latest.id if latest else None


def _sets(found: PartAnswers) -> SetAgreement:
    counts = count_label_sets(found.frame)
    names = most_raters(found.frame, _MOST_RATERS)
    many = found.frame["value"].nunique() > MOST_SETS
    if many:
        reason = f"more than {MOST_SETS:,} different sets are too many to compare every two"
        counts = replace(counts, reason=reason)
    seen = {label for labels in found.frame["value"] for label in labels}
    return SetAgreement(
        question=found.question,
        title=found.title,
        rater_kind=found.rater_kind,
        masi=alpha(counts, "masi"),
        jaccard=alpha(counts, "jaccard"),
        nominal=alpha(counts, "nominal"),
        labels=by_label(counts),
        declared=found.declared,
        unused=tuple(label for label in found.declared or () if label not in seen),
        raters=tuple(sorted(found.frame["rater"].unique())),
        pairs=[] if many else pairwise_set_alphas(found.frame, "masi", raters=names),
        unpaired=found.frame["rater"].nunique() - len(names),
        empty=found.empty,
        malformed=found.malformed,
        undeclared=found.undeclared,
        duplicates=found.duplicates,
    )


def spans_of(found: PartAnswers) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(spans, annotations) as `count_spans` takes them."""
    rows = [
        {"rater": rater, "item": item, **span}
        for item, rater, spans in found.frame[["item", "rater", "value"]].itertuples(index=False)
        for span in spans
    ]
    spans = pd.DataFrame(rows, columns=["rater", "item", "start", "end", "label"])
    return spans.astype({"start": "int64", "end": "int64"}), found.frame[["rater", "item"]]


def _spans(found: PartAnswers, lengths: dict[str, int]) -> SpanAgreement:
    names = most_raters(found.frame, _MOST_RATERS)
    spans, annotated = spans_of(found)
    counts = count_spans(spans, annotated)
    kept = set(names)
    among = [pair for pair in pairwise_f1(counts) if pair.rater_a in kept and pair.rater_b in kept]
    return SpanAgreement(
        question=found.question,
        title=found.title,
        rater_kind=found.rater_kind,
        exact=mean_f1(counts, "exact"),
        overlap=mean_f1(counts, "overlap"),
        position=character_alpha(spans, annotated, lengths),
        no_text=len(set(annotated["item"]) - set(lengths)),
        declared=found.declared,
        labels={str(label): int(n) for label, n in spans["label"].value_counts().items()},
        raters=tuple(sorted(found.frame["rater"].unique())),
        pairs=among,
        unpaired=found.frame["rater"].nunique() - len(names),
        empty=found.empty,
        malformed=found.malformed,
        undeclared=found.undeclared,
        duplicates=found.duplicates,
    )


def character_alpha(spans: pd.DataFrame, annotated: pd.DataFrame, lengths: dict[str, int]) -> Alpha:
    """Over the characters of the texts whose length is known; undefined where none is."""
    known = annotated[annotated["item"].isin(list(lengths))]
    inside = spans[spans["item"].isin(list(lengths))]
    replicates = max(_FEWEST_REPLICATES, min(_REPLICATES, _DRAWN // max(known["item"].nunique(), 1)))
    found = position_alpha(inside, known, lengths, replicates=replicates)
    if not len(known) and len(annotated):
        return replace(found, reason="the texts are not known here, and with them their length")
    return found


def text_lengths(session: Session, project_id: int, found: list[PartAnswers]) -> dict[str, dict[str, int]]:
    """Part -> item -> code points of its text, of the items that spans are marked in and that hold all of them."""
    wanted: dict[str, dict[str, int]] = {}
    for one in found:
        if one.parts == "spans":
            ends = wanted.setdefault(one.part or "", {})
            for item, _, spans in one.frame[["item", "rater", "value"]].itertuples(index=False):
                ends[item] = max([ends.get(item, 0), *(span["end"] for span in spans)])
    lengths: dict[str, dict[str, int]] = {part: {} for part in wanted}
    if not any(wanted.values()):
        return lengths
    for name, content, _ in question_frames.item_facts(session, project_id):
        texts = [part for part in content.get("parts", []) if part.get("kind") == "text"]
        for part, ends in wanted.items():
            text = next((one["text"] for one in texts if one["name"] == part or not part), None)
            if text is not None and name in ends and ends[name] <= len(text):
                lengths[part][name] = len(text)
    return lengths


def parts_remarks(one: SetAgreement | SpanAgreement) -> list[str]:
    """What was left out or looks wrong, in sentences with their counts."""
    said = []
    if isinstance(one, SetAgreement) and one.declared is not None:
        unused = f"; nobody gave {', '.join(one.unused)}" if one.unused else ""
        said.append(f"{len(one.declared)} labels declared{unused}")
    if isinstance(one, SetAgreement) and one.masi.n_single:
        said.append(f"{one.masi.n_single:,} items have one answer only and are left out")
    for n, words in (
        (one.empty, "answers chose or marked nothing; they count as that answer"),
        (
            one.malformed,
            "answers have another form, as of an older schema or a text among lists, and are left out",
        ),
        (one.undeclared, "answers have a label that the newest schema has not; they count"),
        (one.duplicates, "further answers of a rater for the same item are left out; the first counts"),
        (one.unpaired, "raters are in no pair: those with the most answers are compared"),
    ):
        if n:
            said.append(f"{n:,} {words}")
    if isinstance(one, SpanAgreement) and one.no_text:
        said.append(f"{one.no_text:,} items are not in the alpha of characters: their text is not known here")
    return said
