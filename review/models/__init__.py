from review.models.audit import AuditCheck, AuditCheckQuerySet, AuditEntry, AuditHead
from review.models.claims import Assignment, Claim, ClaimQuerySet, Skip
from review.models.decisions import REASON_MAX_LENGTH, Decision, DecisionQuerySet, Evidence, Step
from review.models.exposure import ReviewerSettings, Viewing
from review.models.figures import TeamFigures
from review.models.likeness import NearDuplicate
from review.models.terms import Clause, Outcome, TermsQuerySet, TermsVersion

__all__ = [
    "REASON_MAX_LENGTH",
    "Assignment",
    "AuditCheck",
    "AuditCheckQuerySet",
    "AuditEntry",
    "AuditHead",
    "Claim",
    "ClaimQuerySet",
    "Clause",
    "Decision",
    "DecisionQuerySet",
    "Evidence",
    "NearDuplicate",
    "Outcome",
    "ReviewerSettings",
    "Skip",
    "Step",
    "TeamFigures",
    "TermsQuerySet",
    "TermsVersion",
    "Viewing",
]
