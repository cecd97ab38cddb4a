from django.urls import path

from matching import api

app_name = "matching"

urlpatterns = [
    path("v1/fingerprints", api.fingerprints, name="fingerprints"),
]
