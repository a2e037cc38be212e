"""The mean level over the probabilities that a model gave to each level's token.

The mean of the distribution follows people better than its mode (Wang et al., Improving LLM-as-a-Judge
Inference with the Judgment Distribution, Findings of EMNLP 2025); G-Eval (Liu et al. 2023) scores this way.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

from judge.llm import Token

__all__ = ["expected_levels"]

_LEVEL: Final = re.compile(r'(?<!\\)"level"\s*:\s*(-?\d+)')
_ENOUGH = 0.5
"""Of the probability must lie on levels of the scale; else the tokens speak of something else. By judgement."""


def expected_levels(
    raw: str, tokens: Sequence[Token], scales: Mapping[str, Sequence[int]]
) -> dict[str, float]:
    """Field of the reply -> mean level; without those whose tokens do not tell.

    `scales` holds the allowed levels of each field. A level that needs several tokens has no single distribution.
    """
    if "".join(token.text for token in tokens) != raw:
        return {}
    try:
        fields = [
            name for name, value in json.loads(raw).items() if isinstance(value, dict) and "level" in value
        ]
    except (json.JSONDecodeError, AttributeError):
        return {}
    places = [match.span(1) for match in _LEVEL.finditer(raw)]
    if len(places) != len(fields):
        return {}
    starts: dict[int, Token] = {}
    at = 0
    for token in tokens:
        starts[at] = token
        at += len(token.text)
    found = {}
    for name, (start, end) in zip(fields, places, strict=True):
        # A space before the number may belong to its token.
        chosen = starts.get(start) or starts.get(start - 1)
        if chosen is None or name not in scales or chosen.text.strip() != raw[start:end]:
            continue
        mass: dict[int, float] = {}
        for text, log_probability in {
            chosen.text: chosen.log_probability,
            **dict(chosen.alternatives),
        }.items():
            if text.strip().lstrip("-").isdigit() and int(text) in scales[name]:
                mass[int(text)] = mass.get(int(text), 0.0) + math.exp(log_probability)
        total = sum(mass.values())
        if total >= _ENOUGH:
            found[name] = sum(level * share for level, share in mass.items()) / total
    return found
