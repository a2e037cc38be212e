"""All tables. Importing this package registers every one of them on `Base.metadata`."""

from db.models.chat import Conversation, Turn
from db.models.items import Gold, Item, Suggestion
from db.models.jobs import Call, EndpointLimit, Job, Price, Worker
from db.models.judging import (
    Contradiction,
    CriterionScore,
    Dispute,
    HumanScore,
    JudgeAudit,
    MismatchCause,
    RubricVersion,
    Verdict,
)
from db.models.people import AuditEntry, CohortMember, LoginSession, Membership, Preference, Token, User
from db.models.projects import Agent, AgentSkill, GuidelineVersion, Project, SchemaVersion
from db.models.ratings import Rating
from db.models.remote import RemoteSubmission, RemoteVerdict
from db.models.review import Adjudication, Appeal, Review
from db.models.studies import Experience, Study, StudyPerson
from db.models.subsets import Assignment, Subset, SubsetItem
from db.models.time import Event, TimeObjection, Visit
from db.models.work import Annotation, Answer, Draft, DraftCheck, Lease, Verification

__all__ = [
    "Adjudication",
    "Agent",
    "AgentSkill",
    "Annotation",
    "Answer",
    "Appeal",
    "Assignment",
    "AuditEntry",
    "Call",
    "CohortMember",
    "Contradiction",
    "Conversation",
    "CriterionScore",
    "Dispute",
    "Draft",
    "DraftCheck",
    "EndpointLimit",
    "Event",
    "Experience",
    "Gold",
    "GuidelineVersion",
    "HumanScore",
    "Item",
    "Job",
    "JudgeAudit",
    "Lease",
    "LoginSession",
    "Membership",
    "MismatchCause",
    "Preference",
    "Price",
    "Project",
    "Rating",
    "RemoteSubmission",
    "RemoteVerdict",
    "Review",
    "RubricVersion",
    "SchemaVersion",
    "Study",
    "StudyPerson",
    "Subset",
    "SubsetItem",
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
