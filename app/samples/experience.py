"""The form that is asked after a sitting, as a file beside this module."""

from functools import cache
from pathlib import Path

from app.schema.experience import ExperienceForm, parse_experience

__all__ = ["experience_form"]


@cache
def experience_form() -> ExperienceForm:
    return parse_experience((Path(__file__).parent / "data" / "experience.yaml").read_text(encoding="utf-8"))
