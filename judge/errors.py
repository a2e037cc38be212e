"""Errors of the judge.

JudgeError
├── BadSubmission    what was handed in cannot be judged; says which field and why
├── KeyTaken         an idempotency key has been used for another request
└── TooManyWaiting   whoever asks has too much waiting; says when to come back

A criterion that could not be scored is no error: it is an `Unscored` in the verdict, with its reason.
"""

__all__ = ["BadSubmission", "JudgeError", "KeyTaken", "TooManyWaiting"]


class JudgeError(Exception):
    """Base of the errors of this package."""


class BadSubmission(JudgeError):
    """What was handed in cannot be judged."""


class KeyTaken(JudgeError):
    """The same caller has used the key for a request that asks something else."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"idempotency_key {key!r}: was used for another request; give this one a key of its own"
        )


class TooManyWaiting(JudgeError):
    """Whoever asks has submissions waiting, and there is no room for these beside them."""

    def __init__(self, waiting: int, given: int, most: int, retry_after_seconds: int) -> None:
        self.waiting, self.given, self.most = waiting, given, most
        self.retry_after_seconds = retry_after_seconds
        super().__init__(
            f"{waiting} submissions of yours are waiting; with these {given} it would be more than {most}. "
            f"Come back in {retry_after_seconds} s, or cancel a job"
        )
