"""Texts near to others in words: hashed word and character n-grams and their cosine. Offline, no model."""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["embed", "nearest", "novelty"]

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
