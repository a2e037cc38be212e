"""All tables. Importing this package registers every one of them on `Base.metadata`."""

from db.models.chat import Conversation, Turn
from db.models.items import Gold, Item, Suggestion
from db.models.jobs import Call, Job, Worker
from db.models.judging import CriterionScore, Dispute, HumanScore, RubricVersion, Verdict
from db.models.people import AuditEntry, LoginSession, Membership, Token, User
from db.models.projects import Agent, GuidelineVersion, Project, SchemaVersion
from db.models.ratings import Rating
from db.models.time import Event, TimeObjection, Visit
from db.models.work import Annotation, Answer, Draft, DraftCheck, Lease, Review, Verification

__all__ = [
    "Agent",
    "Annotation",
    "Answer",
    "AuditEntry",
    "Call",
    "Conversation",
    "CriterionScore",
    "Dispute",
    "Draft",
    "DraftCheck",
    "Event",
    "Gold",
    "GuidelineVersion",
    "HumanScore",
    "Item",
    "Job",
    "Lease",
    "LoginSession",
    "Membership",
    "Project",
    "Rating",
    "Review",
    "RubricVersion",
    "SchemaVersion",
    "Suggestion",
    "TimeObjection",
    "Token",
    "Turn",
    "User",
    "Verdict",
    "Verification",
    "Visit",
    "Worker",
]
