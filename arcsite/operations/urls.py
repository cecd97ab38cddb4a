from django.urls import path

from arcsite.operations import transparency, views

app_name = "operations"

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.figures, name="metrics"),
    path("transparency/", transparency.page, name="transparency"),
    path("transparency.json", transparency.document, name="transparency_document"),
]
