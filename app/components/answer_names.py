"""Questions and answers of one item as people read them: titles for ids, words for values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.components.adjudication_words import answer_words
from app.components.answer_fields import marked_text
from app.components.plain import plain
from app.schema import LabelSchema, Question

__all__ = ["AnswerNames", "names_of"]


@dataclass(frozen=True, slots=True)
class AnswerNames:
    questions: Mapping[str, Question]
    """Id -> question, of the schema in force."""
    content: Mapping[str, Any]
    """The item's, for the words that spans mark."""

    def asked(self, question: str) -> str:
        """Its title; its id where the schema in force lacks it."""
        known = self.questions.get(question)
        return known.title if known else question

    def given(self, question: str, value: Any) -> str:
        """The answer in words: spans on one line, a text on its own lines."""
        known = self.questions.get(question)
        said = str(value) if known is None else answer_words(known, value, marked_text(known, self.content))
        return said.replace("\n", "; ") if isinstance(value, list) else said

    def title(self, question: str) -> str:
        """As `asked`, safe in Markdown."""
        return plain(self.asked(question))

    def answer(self, question: str, value: Any) -> str:
        """As `given` on one line, safe in Markdown."""
        return plain(self.given(question, value))


def names_of(schema: LabelSchema | None, content: Mapping[str, Any]) -> AnswerNames:
    """Without a schema ids and values stand as they are."""
    return AnswerNames({question.id: question for question in schema.questions} if schema else {}, content)
