"""The label schema and the content of items: what is asked, and of what. Pure; no files, no database."""

from app.schema.content import ItemContent, Part, check_content
from app.schema.parse import parse_schema
from app.schema.questions import (
    ChoiceQuestion,
    LabelSchema,
    MultiChoiceQuestion,
    Option,
    PairwiseQuestion,
    Question,
    RatingQuestion,
    SpanQuestion,
    TextQuestion,
    odd_values,
)
from app.schema.values import validate_answer, validate_answers, validate_label

__all__ = [
    "ChoiceQuestion",
    "ItemContent",
    "LabelSchema",
    "MultiChoiceQuestion",
    "Option",
    "PairwiseQuestion",
    "Part",
    "Question",
    "RatingQuestion",
    "SpanQuestion",
    "TextQuestion",
    "check_content",
    "odd_values",
    "parse_schema",
    "validate_answer",
    "validate_answers",
    "validate_label",
]
