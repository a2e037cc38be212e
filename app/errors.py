"""Errors of the application that a person can act on.

AppError
├── Invalid          input that breaks a rule; carries every problem found, not only the first
├── NotAllowed       the actor lacks the role for it
├── NotFound         no such thing, or none that this actor may see
├── Conflict         somebody (or another tab) was faster; carries what is stored now
├── TooLarge         a limit that protects the machine was passed
├── Unreachable      something outside did not answer
└── SettingsError    a setting has a value that is not allowed; the start stops

Anything else that escapes a service is a defect of ours and is logged with an id.
"""

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

__all__ = [
    "AppError",
    "Conflict",
    "Invalid",
    "NotAllowed",
    "NotFound",
    "SettingsError",
    "TooLarge",
    "Unreachable",
    "problem_lines",
]


class AppError(Exception):
    """Base of every error whose message is meant for the person in front of the screen."""


class Invalid(AppError):
    """Input that breaks a rule.

    `problems` holds one sentence each: what, where and what to do.
    """

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class NotAllowed(AppError):
    """The actor lacks the role that the action needs."""


class NotFound(AppError):
    """There is no such thing, or none that this actor may see; the two are not told apart."""


class Conflict(AppError):
    """The write was based on a state that is no longer the stored one.

    `current` is what is stored, so that a page can show both sides.
    """

    def __init__(self, message: str, current: Mapping[str, object] | None = None) -> None:
        self.current = dict(current or {})
        super().__init__(message)


class TooLarge(AppError):
    """A limit that protects the machine was passed; the message names the limit and the size."""


class Unreachable(AppError):
    """Something outside this process did not answer."""


class SettingsError(AppError):
    """A setting has a value that is not allowed."""


def problem_lines(error: ValidationError) -> list[str]:
    """One line per problem that pydantic found, `field: what is wrong`."""
    return [f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors()]
