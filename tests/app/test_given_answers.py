"""What pages count and list of the answers given to one question, before they draw it."""

from app.components.adjudication_words import answer_words, sentence
from app.components.answer_bars import label_counts
from app.components.span_choice import span_rows
from app.errors import Invalid
from app.schema import ChoiceQuestion, MultiChoiceQuestion, SpanQuestion
from app.schema.questions import Option

OPTIONS = (Option(value="PER", label="Person"), Option(value="LOC", label="Place"))
ALICE, PARIS = {"start": 0, "end": 5, "label": "PER"}, {"start": 14, "end": 19, "label": "LOC"}


def test_labels_are_counted_as_people_read_them_and_several_in_one_answer_each() -> None:
    one = ChoiceQuestion(id="q", title="Q", type="choice", options=OPTIONS)
    assert label_counts(one, ["LOC", "PER", "LOC"]) == {"Place": 2, "Person": 1}
    several = MultiChoiceQuestion(id="q", title="Q", type="multi_choice", options=OPTIONS)
    # Three people: two name the place, two the person.
    assert label_counts(several, [["LOC"], ["PER", "LOC"], ["PER"]]) == {"Place": 2, "Person": 2}


def test_spans_of_everybody_are_listed_once_with_who_marked_them() -> None:
    given = [("A", [PARIS, ALICE]), ("B", [ALICE, ALICE | {"label": "LOC"}])]
    assert span_rows(given) == [
        (0, 5, "LOC", ["B"]),
        (0, 5, "PER", ["A", "B"]),
        (14, 19, "LOC", ["A"]),
    ]


def test_a_span_reads_as_its_words_and_the_labels_name() -> None:
    question = SpanQuestion(id="q", title="Q", type="span", options=OPTIONS)
    assert answer_words(question, [PARIS, ALICE], "Alice went to Paris.") == "“Alice” Person\n“Paris” Place"


def test_an_error_is_a_sentence() -> None:
    assert sentence(Invalid("say why")) == "Say why." and sentence(Invalid("why?")) == "Why?"
