from django.urls import path

from review.views import decision, lead, log, photo, queue, start

app_name = "review"

urlpatterns = [
    path("", start.show, name="start"),
    path("settings/", start.save_settings, name="settings"),
    path("pause/", start.pause, name="pause"),
    path("resume/", start.resume, name="resume"),
    path("queue/", queue.show, name="queue"),
    path("next/", queue.take_next, name="next"),
    path("photos/<uuid:photo_id>/", photo.show, name="photo"),
    path("photos/<uuid:photo_id>/image.png", photo.image, name="image"),
    path("photos/<uuid:photo_id>/extend/", photo.extend, name="extend"),
    path("photos/<uuid:photo_id>/release/", photo.release, name="release"),
    path("photos/<uuid:photo_id>/decide/", decision.decide, name="decide"),
    path("photos/<uuid:photo_id>/undo/", decision.undo, name="undo"),
    path("photos/<uuid:photo_id>/alarm/", decision.alarm, name="alarm"),
    path("photos/<uuid:photo_id>/skip/", decision.skip, name="skip"),
    path("lead/", lead.show, name="lead"),
    path("lead/<uuid:photo_id>/assign/", lead.assign, name="assign"),
    path("lead/<uuid:photo_id>/take/", lead.take, name="take"),
    path("log/", log.show, name="log"),
    path("log/search/", log.search, name="log_search"),
    path("log/export/", log.export, name="log_export"),
    path("log/check/", log.check, name="log_check"),
]
