"""Talking to model servers that speak the Label Studio ML backend protocol: our schema and items in their words,
their results in ours.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from app.agents.extraction import match_option
from app.agents.label_reply import Invalid, Suggested
from app.schema import (
    ChoiceQuestion,
    LabelSchema,
    MultiChoiceQuestion,
    PairwiseQuestion,
    Question,
    RatingQuestion,
    SpanQuestion,
    TextQuestion,
    validate_answer,
)

__all__ = ["label_config", "read_result", "task_of"]


def label_config(schema: LabelSchema, parts: Sequence[str]) -> str:
    """The questions as a labelling interface; `parts` are the names of the items' texts."""
    shown = "".join(f"<Text name={quoteattr(name)} value={quoteattr('$' + name)}/>" for name in parts)
    first = parts[0] if parts else "text"
    return f"<View>{shown}{''.join(_control(question, first) for question in schema.questions)}</View>"


def _control(question: Question, first: str) -> str:
    name, to = quoteattr(question.id), quoteattr(first)
    match question:
        case ChoiceQuestion() | MultiChoiceQuestion():
            kind = "multiple" if isinstance(question, MultiChoiceQuestion) else "single"
            choices = "".join(f"<Choice value={quoteattr(option.value)}/>" for option in question.options)
            return f'<Choices name={name} toName={to} choice="{kind}">{choices}</Choices>'
        case SpanQuestion():
            labels = "".join(f"<Label value={quoteattr(option.value)}/>" for option in question.options)
            return f"<Labels name={name} toName={quoteattr(question.part)}>{labels}</Labels>"
        case RatingQuestion():
            return f'<Rating name={name} toName={to} maxRating="{question.max}"/>'
        case PairwiseQuestion():
            return f"<Pairwise name={name} toName={quoteattr(f'{question.left},{question.right}')}/>"
        case TextQuestion():
            return f"<TextArea name={name} toName={to}/>"


def task_of(item_id: int, content: Mapping[str, Any]) -> dict[str, Any]:
    """An item as a task: the texts of its parts by name."""
    return {
        "id": item_id,
        "data": {part["name"]: part["text"] for part in content["parts"] if part["kind"] == "text"},
    }


def read_result(
    schema: LabelSchema, prediction: Mapping[str, Any], texts: Mapping[str, str]
) -> tuple[list[Suggested], list[Invalid]]:
    """The suggestions in one prediction `{result: […], score}`, and what was no answer of the schema."""
    score = prediction.get("score")
    confidence = float(score) if isinstance(score, int | float) and 0 <= score <= 1 else None
    suggestions: list[Suggested] = []
    invalid: list[Invalid] = []
    for question in schema.questions:
        found = [
            row
            for row in prediction.get("result") or ()
            if isinstance(row, dict)
            and row.get("from_name") == question.id
            and isinstance(row.get("value"), dict)
        ]
        if not found:
            continue
        value = _value(question, [row["value"] for row in found])
        text = texts.get(question.part) if isinstance(question, SpanQuestion) else None
        problems = validate_answer(question, value, item_text=text)
        if problems or value in (None, "", []):
            said = str([row["value"] for row in found])[:200]
            invalid.append(Invalid(question.id, problems[0] if problems else "nothing", said))
        else:
            suggestions.append(Suggested(question.id, value, "", confidence))
    return suggestions, invalid


def _value(question: Question, values: Sequence[Mapping[str, Any]]) -> Any:
    first = values[0]
    match question:
        case ChoiceQuestion():
            said = (first.get("choices") or [""])[0]
            return match_option(str(said), question.options).value
        case MultiChoiceQuestion():
            known = [
                match_option(str(said), question.options).value
                for value in values
                for said in value.get("choices") or ()
            ]
            return [label for label in known if label is not None]
        case RatingQuestion():
            return first.get("rating")
        case PairwiseQuestion():
            return first.get("selected") or ("tie" if question.tie else None)
        case TextQuestion():
            text = first.get("text")
            return "\n".join(text) if isinstance(text, list) else text
        case SpanQuestion():
            return [
                {"start": value.get("start"), "end": value.get("end"), "label": label}
                for value in values
                for label in value.get("labels") or ()
            ]
