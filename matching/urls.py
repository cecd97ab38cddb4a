from django.urls import path

from matching.api import confirmations, feed, match, openapi, sightings, status

app_name = "matching"

urlpatterns = [
    path("v1/fingerprints", feed.fingerprints, name="fingerprints"),
    path("v1/confirmations", confirmations.confirmations, name="confirmations"),
    path("v1/match", match.match, name="match"),
    path("v1/sightings", sightings.report, name="sightings"),
    path("v1/status", status.status, name="status"),
    path("v1/test-picture.png", status.test_picture, name="test_picture"),
    path("v1/openapi.json", openapi.openapi, name="openapi"),
]
