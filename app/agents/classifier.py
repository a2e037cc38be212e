"""The built-in text classifier: a baseline that learns from verified labels, and says so.

Word and character n-grams with logistic regression; probabilities calibrated by cross-validation where every
label has enough examples. Its reasons are the most similar verified examples.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["LABEL", "Classifier", "NotEnoughExamples", "Prediction", "require_enough", "train"]

LABEL = "built-in classifier (baseline, not a language model)"

_FEWEST = 20
_FEWEST_A_LABEL = 3
_FOLDS = 5
_SHOWN = 3
_SNIPPET = 160


class NotEnoughExamples(Exception):
    """Too few verified labels to learn from; the message says how many there are and how many are needed."""


@dataclass(frozen=True, slots=True)
class Prediction:
    value: str
    confidence: float
    """Probability of `value`, by cross-validated calibration where `Classifier.calibrated`."""
    probabilities: dict[str, float]
    """The same for every label it knows; they sum to 1."""
    examples: tuple[tuple[str, str], ...]
    """(text, label) of the most similar verified examples."""
    rationale: str


@dataclass(frozen=True, slots=True)
class Classifier:
    version: str
    """Hash of the examples it learned from."""
    n_examples: int
    labels: tuple[str, ...]
    accuracy: float
    """By cross-validation on the examples."""
    calibrated: bool
    _vectors: Any
    _model: Any
    _matrix: Any
    _examples: tuple[tuple[str, str], ...]
    _held_out: dict[str, Any]
    """Text of a verified example -> probabilities from folds that had not seen it."""

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction a text.

        A text that was learned from gets its out-of-fold probabilities and is never its own example: what the
        model would say had it not been told.
        """
        rows = self._vectors.transform(texts)
        probabilities = self._model.predict_proba(rows)
        similar = np.asarray((rows @ self._matrix.T).todense())
        out = []
        for number, text in enumerate(texts):
            chances = self._held_out.get(text, probabilities[number])
            best = int(chances.argmax())
            value = self.labels[best]
            examples = self._nearest(similar[number], text)
            agree = sum(label == value for _, label in examples)
            rationale = (
                f"{agree} of the {len(examples)} most similar verified texts are {value!r}."
                if examples
                else "No verified text shares words with this one."
            )
            known = dict(zip(self.labels, map(float, chances), strict=True))
            out.append(Prediction(value, float(chances[best]), known, examples, rationale))
        return out

    def _nearest(self, similarity: Any, own: str) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        for index in np.argsort(-similarity):
            text, label = self._examples[index]
            if similarity[index] <= 0 or len(found) == _SHOWN:
                break
            if text != own:
                found.append((text if len(text) <= _SNIPPET else f"{text[: _SNIPPET - 1]}…", label))
        return tuple(found)


def require_enough(examples: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Text -> label of what can be learned from; labels with fewer than three texts are left out.

    Raises NotEnoughExamples below 20 different texts or two labels.
    """
    # One example per text: a text that occurs twice would be in the fold that learns and in the one that checks.
    distinct = {text: label for text, label in examples if text.strip()}
    often = Counter(distinct.values())
    kept = {text: label for text, label in distinct.items() if often[label] >= _FEWEST_A_LABEL}
    counts = Counter(kept.values())
    if len(kept) < _FEWEST or len(counts) < 2:
        raise NotEnoughExamples(
            f"{len(kept)} different verified texts with {len(counts)} labels of at least {_FEWEST_A_LABEL} examples; "
            f"at least {_FEWEST} with two such labels are needed"
        )
    return kept


def train(examples: Sequence[tuple[str, str]]) -> Classifier:
    """Learn from (text, label) pairs. Raises NotEnoughExamples."""
    kept = require_enough(examples)
    counts = Counter(kept.values())

    # Slow to import (over a second); only the worker that trains pays for it.
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline, make_union

    def vectors() -> Any:
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, lowercase=True)
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, lowercase=True)
        return make_union(words, letters)

    texts, labels = list(kept), list(kept.values())
    folds = min(_FOLDS, min(counts.values()))
    enough = folds >= _FOLDS
    splitter = StratifiedKFold(folds, shuffle=True, random_state=0)
    plain = LogisticRegression(C=10.0, max_iter=1000, class_weight="balanced")
    inner = StratifiedKFold(max(2, folds - 1), shuffle=True, random_state=1)
    model = CalibratedClassifierCV(plain, method="sigmoid", cv=inner) if enough else plain
    held_out = cross_val_predict(
        make_pipeline(vectors(), model), texts, labels, cv=splitter, method="predict_proba"
    )
    classes = tuple(sorted(counts))
    guesses = [classes[index] for index in held_out.argmax(axis=1)]
    fitted = vectors().fit(texts)
    matrix = fitted.transform(texts)
    model.fit(matrix, labels)
    digest = hashlib.sha256(repr(sorted(kept.items())).encode()).hexdigest()[:12]
    return Classifier(
        version=f"tfidf-lr-{digest}",
        n_examples=len(kept),
        labels=classes,
        accuracy=float((np.asarray(guesses) == np.asarray(labels)).mean()),
        calibrated=enough,
        _vectors=fitted,
        _model=model,
        _matrix=matrix,
        _examples=tuple(kept.items()),
        _held_out=dict(zip(texts, held_out, strict=True)),
    )
