from django.urls import path

from review.views import decision, log, photo, queue

app_name = "review"

urlpatterns = [
    path("", queue.show, name="queue"),
    path("next/", queue.take_next, name="next"),
    path("photos/<uuid:photo_id>/", photo.show, name="photo"),
    path("photos/<uuid:photo_id>/image.png", photo.image, name="image"),
    path("photos/<uuid:photo_id>/extend/", photo.extend, name="extend"),
    path("photos/<uuid:photo_id>/release/", photo.release, name="release"),
    path("photos/<uuid:photo_id>/decide/", decision.decide, name="decide"),
    path("log/", log.show, name="log"),
    path("log/search/", log.search, name="log_search"),
]
