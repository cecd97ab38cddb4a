from django.contrib import admin
from django.urls import include, path
from django.views.generic.base import RedirectView

handler400 = "arcsite.errors.bad_request"
handler403 = "arcsite.errors.permission_denied"
handler404 = "arcsite.errors.not_found"
handler500 = "arcsite.errors.server_error"

urlpatterns = [
    path("", include("enrollment.urls")),
    path("", include("arcsite.operations.urls")),
    path("review/", include("review.urls")),
    path("api/", include("matching.urls")),
    path("staff/", include("arcsite.staff_urls")),
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    # Ours counts every try of the old password.
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
]
