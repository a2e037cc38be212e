"""Texts near to others in words: hashed word and character n-grams and their cosine. Offline, no model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Plane", "embed", "nearest", "novelty", "plane"]

_FEATURES = 2**18
_LONGEST = 20_000
"""Characters of a text that count."""


def _vectors(texts: Sequence[str]) -> Any:
    # Slow to import; only those who ask for similar texts pay for it.
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    hashed = HashingVectorizer(
        n_features=_FEATURES, ngram_range=(1, 2), alternate_sign=False, norm=None, strip_accents="unicode"
    )
    return TfidfTransformer(sublinear_tf=True).fit_transform(hashed.transform(t[:_LONGEST] for t in texts))


def nearest(texts: Sequence[str], to: Sequence[int], *, count: int) -> list[int]:
    """Places in `texts` of the `count` nearest to any of the places `to`, nearest first, those left out.

    Texts without a word in common are never near.
    """
    rows = _vectors(texts)
    closeness = np.asarray((rows @ rows[list(to)].T).max(axis=1).todense()).ravel()
    closeness[list(to)] = 0.0
    order = np.argsort(-closeness, kind="stable")[:count]
    return [int(place) for place in order if closeness[place] > 0]


def embed(texts: Sequence[str], *, dimensions: int = 32) -> list[list[float]]:
    """A dense vector a text: the hashed words by truncated SVD, unit length; fewer dimensions for few texts."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    rows = _vectors(texts)
    room = min(dimensions, min(rows.shape) - 1)
    if room < 1:
        return [[1.0] for _ in texts]
    dense = normalize(TruncatedSVD(room, random_state=0).fit_transform(rows))
    return [[round(float(value), 5) for value in row] for row in dense]


def novelty(texts: Sequence[str], known: Sequence[int]) -> list[float]:
    """How unlike the texts at the places `known` each text is: 1 - the closeness to the nearest, 0 for themselves."""
    rows = _vectors(texts)
    closeness = np.asarray((rows @ rows[list(known)].T).max(axis=1).todense()).ravel()
    return [float(value) for value in np.clip(1 - closeness, 0, 1)]


@dataclass(frozen=True, slots=True)
class Plane:
    """Texts in two dimensions."""

    points: list[tuple[float, float]]
    """One a text, in their order."""
    kept: float | None
    """Share of the variance of the hashed words that the two dimensions keep; None where all texts are alike."""


def plane(texts: Sequence[str]) -> Plane:
    """The hashed words by their two principal components: the same texts give the same plane.

    Distances are those of few words that tell many texts apart; most of what tells two texts apart is not in them,
    which `kept` says. Fewer than three different texts lie on one line or point.
    """
    from sklearn.decomposition import PCA

    different = list(dict.fromkeys(texts))
    if len(different) < 3:
        place = {text: (float(number), 0.0) for number, text in enumerate(different)}
        return Plane([place[text] for text in texts], 1.0 if len(different) == 2 else None)
    rows = _vectors(texts)
    used = np.flatnonzero(np.bincount(rows.indices, minlength=rows.shape[1]))
    rows = rows[:, used]
    if min(rows.shape) < 3:
        rows = rows.toarray()
    solver = "full" if isinstance(rows, np.ndarray) else "arpack"
    found = PCA(2, svd_solver=solver, random_state=0) if min(rows.shape) >= 2 else None
    if found is None:
        return Plane([(0.0, 0.0) for _ in texts], None)
    points = found.fit_transform(rows)
    kept = float(np.nansum(found.explained_variance_ratio_))
    return Plane([(round(float(x), 5), round(float(y), 5)) for x, y in points], kept)
