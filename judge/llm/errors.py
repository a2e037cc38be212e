"""Errors of the gateway.

ModelError   a stream could not begin or broke off; `kind` is the same word as in a `Failed` outcome

A structured request raises nothing of the kind: its failures are values (`Failed`), so that one bad reply
never sinks a batch and is still counted.
"""

from judge.llm.gateway import FailureKind

__all__ = ["ModelError"]


class ModelError(Exception):
    def __init__(self, kind: FailureKind, detail: str) -> None:
        self.kind: FailureKind = kind
        self.detail = detail
        super().__init__(f"{kind}: {detail}")
