"""The prompt that asks a language model to label one item: task, criteria, examples, item, reasons, answer."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from app.agents.prompt_words import PromptLanguage, words_of
from app.schema import (
    ChoiceQuestion,
    LabelSchema,
    MultiChoiceQuestion,
    Option,
    PairwiseQuestion,
    Question,
    RatingQuestion,
    SpanQuestion,
    TextQuestion,
)
from judge.llm import Image, Message

__all__ = [
    "PROMPT_VERSION",
    "Example",
    "LabelRequest",
    "PromptForm",
    "PromptStyle",
    "build_messages",
    "field_name",
    "prompt_hash",
]

PROMPT_VERSION = "label-2"
PromptForm = Literal["json", "markdown"]


@dataclass(frozen=True, slots=True)
class PromptStyle:
    """How the same prompt is put, for models that follow one way better than another."""

    language: PromptLanguage = "en"
    """Of the fixed words; what the project wrote stays as it is."""
    form: PromptForm = "json"
    """How questions and examples are written down."""
    one_message: bool = False
    """Puts everything in the user's message, for models that know no system message."""
    wording: int = 0
    """Which of the fixed wordings, which all say the same; 0 to WORDINGS - 1."""


@dataclass(frozen=True, slots=True)
class Example:
    """An item whose answers people know, shown in the prompt."""

    text: str
    answers: Mapping[str, Any]
    """Question -> value."""


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """One item with all that decides its labels."""

    schema: LabelSchema
    guidelines: str
    instruction: str
    """The agent's own words, in place of the general task; empty for none."""
    item_text: str
    texts: Mapping[str, str]
    """Name of a text part -> its text; spans are located in it."""
    images: tuple[Image, ...]
    sides: Sequence[str] = ("left", "right")
    """Which part of a pair is called A and which B; by lot, because models favour what stands first."""
    examples: tuple[Example, ...] = ()
    option_seed: int | None = None
    """Puts the options in an order by lot; None leaves the schema's."""
    style: PromptStyle = PromptStyle()
    near: bool = False
    """Whether a label that is merely near one of the schema is taken for it, and flagged."""


def field_name(number: int) -> str:
    """Of a question in prompt and reply: by number, since its id may be no name that a reply model can use."""
    return f"q{number}"


def _in_order(options: Sequence[Option], seed: int | None) -> list[Option]:
    ordered = list(options)
    if seed is not None:
        random.Random(seed).shuffle(ordered)
    return ordered


def _asked(number: int, question: Question, option_seed: int | None) -> dict[str, Any]:
    asked: dict[str, Any] = {"key": field_name(number), "question": question.title, "type": question.type}
    if question.help:
        asked["help"] = question.help
    match question:
        case ChoiceQuestion() | MultiChoiceQuestion() | SpanQuestion():
            asked["options"] = [
                {
                    key: value
                    for key, value in (
                        ("value", option.value),
                        ("label", option.label),
                        ("definition", option.definition),
                        ("hard_cases", option.hard_cases),
                        ("means", "none of the others" if option.none else ""),
                    )
                    if value
                }
                for option in _in_order(question.options, option_seed)
            ]
        case RatingQuestion():
            asked["scale"] = {"from": question.min, "to": question.max, "meanings": question.labels}
        case PairwiseQuestion():
            asked["answers"] = ["A", "B", "tie"] if question.tie else ["A", "B"]
        case TextQuestion():
            asked["characters"] = {"at_least": question.min_chars, "at_most": question.max_chars}
    return asked


def _example(request: LabelRequest, example: Example) -> dict[str, Any]:
    shown = {
        field_name(number): example.answers[question.id]
        for number, question in enumerate(request.schema.questions, 1)
        if question.id in example.answers
    }
    return {"item": example.text, "answers": shown}


def build_messages(request: LabelRequest, *, nonce: str) -> list[Message]:
    """The prompt for one item; `nonce` marks where the item begins and ends, so that it cannot say so itself."""
    questions = [
        _asked(number, question, request.option_seed)
        for number, question in enumerate(request.schema.questions, 1)
    ]
    examples = [_example(request, example) for example in request.examples]
    words = words_of(request.style.language, request.style.wording)
    system = "\n\n".join(
        filter(
            None,
            (
                request.instruction.strip() or words.task,
                words.rules,
                f"{words.guidelines}:\n{request.guidelines.strip()}" if request.guidelines.strip() else "",
                f"{words.questions}:\n{_written(questions, request.style.form)}",
                f"{words.examples}:\n{_written(examples, request.style.form)}" if examples else "",
            ),
        )
    )
    item: Any = request.item_text
    pair = next((q for q in request.schema.questions if isinstance(q, PairwiseQuestion)), None)
    if pair is not None:
        names = {"left": pair.left, "right": pair.right}
        sides = {
            letter: request.texts.get(names[side], "")
            for letter, side in zip("AB", request.sides, strict=True)
        }
        others = {name: text for name, text in request.texts.items() if name not in names.values()}
        item = {**others, **sides}
    block = f"<item-{nonce}>\n{json.dumps(item, ensure_ascii=False)}\n</item-{nonce}>"
    if request.style.one_message:
        return [Message.user(f"{system}\n\n{block}", *request.images)]
    return [Message.system(system), Message.user(block, *request.images)]


def _written(rows: Sequence[Mapping[str, Any]], form: PromptForm) -> str:
    if form == "json":
        return json.dumps(rows, ensure_ascii=False, indent=1)
    return "\n".join(_bullets(rows, 0))


def _bullets(value: Any, depth: int) -> list[str]:
    """Nested lists of Markdown; a text is quoted as JSON, so that line breaks in it cannot look like structure."""
    lines = []
    for entry in value:
        lead = f"{'  ' * depth}- "
        if isinstance(value, Mapping):
            lead, entry = f"{lead}{entry}: ", value[entry]
        if isinstance(entry, Mapping | list | tuple) and entry:
            lines.append(lead.rstrip())
            lines += _bullets(entry, depth + 1)
        else:
            lines.append(lead + json.dumps(entry, ensure_ascii=False))
    return lines


def prompt_hash(request: LabelRequest) -> str:
    """Hash of the prompt without item and examples: the same for every item of a job."""
    blank = replace(request, item_text="", texts={}, images=(), examples=(), option_seed=None)
    text = PROMPT_VERSION + "".join(message.text for message in build_messages(blank, nonce="0"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
