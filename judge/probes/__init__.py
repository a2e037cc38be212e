"""What moves a judge other than the answer: its biases, and whether it can be talked into a score."""

from judge.probes.audit import PROBES, audit_report, planned_requests
from judge.probes.estimates import Estimate
from judge.probes.findings import Finding, ProbeName
from judge.probes.page import page_of
from judge.probes.report import AuditReport
from judge.probes.rows import Row
from judge.probes.words import figure, in_words, summary

__all__ = [
    "PROBES",
    "AuditReport",
    "Estimate",
    "Finding",
    "ProbeName",
    "Row",
    "audit_report",
    "figure",
    "in_words",
    "page_of",
    "planned_requests",
    "summary",
]
