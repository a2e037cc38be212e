"""Errors of the judge.

JudgeError
└── BadSubmission   what was handed in cannot be judged; says which field and why

A criterion that could not be scored is no error: it is an `Unscored` in the verdict, with its reason.
"""

__all__ = ["BadSubmission", "JudgeError"]


class JudgeError(Exception):
    """Base of the errors of this package."""


class BadSubmission(JudgeError):
    """What was handed in cannot be judged."""
