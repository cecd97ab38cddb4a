from collections import Counter

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from review import permissions

STOCK = ("add", "change", "delete", "view")
EXPECTED = {
    "Reviewer": {"review_photo", "view_termsversion", "view_clause"},
    "Lead": {
        "review_photo",
        "decide_escalated",
        "lead_team",
        "view_auditentry",
        "export_audit",
        "view_termsversion",
        "view_clause",
    },
    "Guardian reviewer": {"review_photo", "review_guardian", "view_termsversion", "view_clause"},
    "Auditor": {
        "view_auditentry",
        "export_audit",
        "view_termsversion",
        "view_clause",
        "view_partner",
        "view_partnerkey",
    },
    "Partner manager": {
        f"{verb}_{model}" for verb in ("add", "change", "view") for model in ("partner", "partnerkey")
    },
}


def test_the_roles_and_what_they_may(db: None) -> None:
    granted = {
        group.name: set(group.permissions.values_list("codename", flat=True)) for group in Group.objects.all()
    }
    assert granted == EXPECTED


def test_no_permission_exists_twice(db: None) -> None:
    keys = Permission.objects.values_list("content_type__app_label", "content_type__model", "codename")
    assert Counter(keys).most_common(1)[0][1] == 1


def test_nobody_may_change_the_audit_or_see_a_photo_by_a_stock_permission(db: None) -> None:
    codenames = Permission.objects.filter(content_type__app_label="review").values_list("codename", flat=True)
    terms = {f"{verb}_{model}" for verb in STOCK for model in ("termsversion", "clause")}
    on_purpose = {"review_photo", "review_guardian", "decide_escalated", "lead_team", "publish_terms"}
    assert set(codenames) - terms == on_purpose | {"view_auditentry", "export_audit"}


def ask(user: User, rf: RequestFactory) -> User:
    request = rf.get("/")
    request.user = user
    return permissions.reviewer(request)


def test_a_role_makes_a_reviewer(rosa: User, rf: RequestFactory) -> None:
    assert ask(rosa, rf) == rosa


def test_a_personal_grant_makes_a_reviewer(nia: User, rf: RequestFactory) -> None:
    nia.user_permissions.add(Permission.objects.get(codename="review_photo"))
    assert ask(nia, rf) == nia


def test_being_superuser_does_not(sol: User, rf: RequestFactory) -> None:
    assert sol.has_perm("review.review_photo")
    with pytest.raises(PermissionDenied):
        ask(sol, rf)


def test_a_superuser_in_the_role_may(sol: User, rf: RequestFactory) -> None:
    sol.groups.add(Group.objects.get(name="Reviewer"))
    assert ask(sol, rf) == sol


def test_a_disabled_reviewer_may_not(rosa: User, rf: RequestFactory) -> None:
    rosa.is_active = False
    with pytest.raises(PermissionDenied):
        ask(rosa, rf)


def test_a_role_taken_away_counts_at_once(rosa: User, rf: RequestFactory) -> None:
    assert ask(rosa, rf) == rosa
    rosa.groups.clear()
    with pytest.raises(PermissionDenied):
        ask(rosa, rf)
