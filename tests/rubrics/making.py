"""Rubrics of every shape, for property tests, and one of each kind made short."""

from typing import Any

from hypothesis import strategies as st

from rubrics import Criterion, Level, Rubric

WORDS = st.text(st.characters(codec="utf-8"), min_size=3, max_size=40)
"""Any text: quotes, colons, line ends and signs that YAML or JSON read as their own."""
PLAIN = st.text("abc ÄÖ:#-'\"%{}[]?!\n", min_size=1, max_size=30).map(lambda text: f"x{text}y")
"""Text without blanks at its ends."""
_POINTS = st.integers(-10, 10).filter(bool).map(float) | st.sampled_from([0.5, -2.25])


def criterion(
    id_: str = "a", *, labels: tuple[str, ...] = ("low", "mid", "high"), **fields: Any
) -> Criterion:
    levels = [
        {"value": value, "label": label, "description": f"It is {label} by {value} steps."}
        for value, label in enumerate(labels, 1)
    ]
    return Criterion.model_validate({"id": id_, "question": f"How is {id_}?", "levels": levels, **fields})


def rubric(*criteria: Criterion, **fields: Any) -> Rubric:
    return Rubric(**{"name": "mine", "title": "Mine", "criteria": criteria or (criterion(),), **fields})


def pointed(id_: str, points: float, **fields: Any) -> Criterion:
    """A criterion as HealthBench has them."""
    levels = (
        Level(value=0, label="not met", description="What the criterion says is not so of the answer."),
        Level(value=1, label="met", description="What the criterion says is so of the answer."),
    )
    given = {"id": id_, "question": f"Names {id_}.", "scale": "points", "points": points, "levels": levels}
    return Criterion(**{**given, **fields})


@st.composite
def levels(draw: st.DrawFn, *, values: list[int] | None = None, texts: Any = WORDS) -> tuple[Level, ...]:
    numbers = values or sorted(draw(st.sets(st.integers(-20, 20), min_size=2, max_size=5)))
    labels = draw(st.lists(texts, min_size=len(numbers), max_size=len(numbers), unique=True))
    return tuple(
        Level(
            value=value,
            label=label,
            description=draw(texts),
            examples=tuple(draw(st.lists(texts, max_size=2))) if texts is WORDS else (),
        )
        for value, label in zip(numbers, labels, strict=True)
    )


_CHECKS: list[dict[str, Any] | None] = [
    None,
    {"kind": "format"},
    {"kind": "length", "min_words": 3, "max_words": 9},
    {"kind": "coverage", "shares": [0.3, 0.5]},
    {"kind": "required_phrases", "groups": {"no": ["yes", "1", "a: b"], "x": ["*"]}},
    {"kind": "forbidden_phrases", "phrases": {"100%": "name it", "null": "- x", "=": "y"}},
    {"kind": "unsupported", "min_share": 1e-05},
]


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    """Any rubric that the schema allows."""
    points = draw(st.booleans())
    criteria = []
    for number in range(draw(st.integers(1, 4))):
        scale = "points" if points else draw(st.sampled_from(["ordinal", "binary"]))
        found = draw(levels(values=[0, 1] if scale != "ordinal" else None))
        criteria.append(
            Criterion.model_validate(
                {
                    "id": f"c{number}",
                    "question": draw(WORDS),
                    "scale": scale,
                    "levels": found,
                    "points": (5.0 if number == 0 else draw(_POINTS)) if points else None,
                    "weight": draw(st.floats(1e-6, 1e9) | st.sampled_from([1.0, 2.0, 0.5])),
                    "required": draw(st.booleans()),
                    "evidence": draw(st.sampled_from(["required", "optional", "none"])),
                    "guideline_ref": draw(st.none() | WORDS),
                    "applies_when": draw(st.just("") | WORDS),
                    "tags": tuple(draw(st.lists(WORDS, max_size=3))),
                    "check": draw(st.sampled_from(_CHECKS)),
                }
            )
        )
    return Rubric(
        name=draw(st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)),
        title=draw(WORDS),
        version=draw(st.integers(1, 10**6)),
        description=draw(st.just("") | WORDS),
        pass_mark=draw(st.none() | st.floats(0, 1)),
        aggregation="points" if points else draw(st.sampled_from(["weighted_mean", "worst"])),
        criteria=tuple(criteria),
    )
