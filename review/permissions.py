"""Who may do what in review: each function returns the person, or raises ``PermissionDenied``."""

from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest


def reviewer(request: HttpRequest) -> User:
    """The signed-in person, who must have been made a reviewer on purpose.

    Only a grant to the person or to one of their groups counts. ``has_perm`` would say yes to every
    superuser, and running the machine is no reason to look at people's photos.
    """
    user = _signed_in(request)
    granted = Permission.objects.filter(content_type__app_label="review", codename="review_photo").filter(
        Q(user=user) | Q(group__user=user)
    )
    if not granted.exists():
        raise PermissionDenied
    return user


def auditor(request: HttpRequest) -> User:
    """The signed-in person, who may read the audit. It holds no picture, so a superuser may as well."""
    user = _signed_in(request)
    if not user.has_perm("review.view_auditentry"):
        raise PermissionDenied
    return user


def _signed_in(request: HttpRequest) -> User:
    if not isinstance(request.user, User) or not request.user.is_active:
        raise PermissionDenied
    return request.user
