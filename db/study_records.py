"""What the stores of studies hand out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["ExperienceRecord", "StudyRecord"]


@dataclass(frozen=True, slots=True)
class StudyRecord:
    id: int
    project_id: int
    name: str
    document: Mapping[str, Any]
    hash: str
    state: str
    created_by: str
    created_at: datetime
    started_by: str
    started_at: datetime | None
    stopped_by: str
    stopped_at: datetime | None
    stop_reason: str


@dataclass(frozen=True, slots=True)
class ExperienceRecord:
    """What one person said after one sitting; `answers` is None when they skipped the form."""

    id: int
    user_id: int
    study_id: int | None
    form: str
    began_at: datetime
    ended_at: datetime
    arms: Mapping[str, int]
    answers: Mapping[str, int] | None
    created_at: datetime
