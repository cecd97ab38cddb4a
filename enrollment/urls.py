from django.urls import path

from enrollment.views import case, pages, resend, upload

app_name = "enrollment"

urlpatterns = [
    path("", pages.landing, name="landing"),
    path("cover/", pages.cover, name="cover"),
    path("cover/tool/", pages.paint, name="paint"),
    path("limits/", pages.limits, name="limits"),
    path("after/", pages.after, name="after"),
    path("send/", upload.upload, name="upload"),
    path("send/guardian/", upload.upload_as_guardian, name="upload_as_guardian"),
    path("case/", case.status, name="status"),
    path("case/withdraw/", case.withdraw, name="withdraw"),
    path("case/withdraw/<int:position>/", case.withdraw, name="withdraw_photo"),
    path("case/plain/", case.narrow, name="narrow"),
    path("case/deleted/<int:position>/", case.deletion, name="deletion"),
    path("case/send/<int:position>/", resend.resend, name="resend"),
    path("case/leave/", case.leave, name="leave"),
]
