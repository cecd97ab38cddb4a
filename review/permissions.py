"""Who may do what in review: each function returns the person, or raises ``PermissionDenied``."""

from weakref import WeakKeyDictionary

from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest

# Pages and navigation ask the same again and again; the answer holds for one request.
_asked: WeakKeyDictionary[HttpRequest, frozenset[str]] = WeakKeyDictionary()


def reviewer(request: HttpRequest) -> User:
    """The signed-in person, who must have been made a reviewer on purpose.

    Only a grant to the person or to one of their groups counts. ``has_perm`` would say yes to every
    superuser, and running the machine is no reason to look at people's photos.
    """
    user = _signed_in(request)
    if "review_photo" not in granted(request):
        raise PermissionDenied
    return user


def may_review_guardian(request: HttpRequest) -> bool:
    return "review_guardian" in granted(request)


def may_decide_escalated(request: HttpRequest) -> bool:
    return "decide_escalated" in granted(request)


def auditor(request: HttpRequest) -> User:
    """The signed-in person, who may read the audit. It holds no picture, so a superuser may as well."""
    return _with(request, "view_auditentry")


def exporter(request: HttpRequest) -> User:
    """The signed-in person, who may take what the log shows them away as a file."""
    auditor(request)
    return _with(request, "export_audit")


def may_export(request: HttpRequest) -> bool:
    return _signed_in(request).is_superuser or "export_audit" in granted(request)


def lead(request: HttpRequest) -> User:
    """The signed-in person, who may see the team's load and give escalated photos to leads."""
    return _with(request, "lead_team")


def grants(user: User) -> frozenset[str]:
    """What the person or one of their groups was granted on purpose in review, as code names."""
    own = Permission.objects.filter(content_type__app_label="review")
    return frozenset(own.filter(Q(user=user) | Q(group__user=user)).values_list("codename", flat=True))


def granted(request: HttpRequest) -> frozenset[str]:
    """``grants`` of whoever is signed in, looked up once a request."""
    if request not in _asked:
        _asked[request] = grants(_signed_in(request))
    return _asked[request]


def _with(request: HttpRequest, codename: str) -> User:
    user = _signed_in(request)
    if not user.is_superuser and codename not in granted(request):
        raise PermissionDenied
    return user


def _signed_in(request: HttpRequest) -> User:
    if not isinstance(request.user, User) or not request.user.is_active:
        raise PermissionDenied
    return request.user
