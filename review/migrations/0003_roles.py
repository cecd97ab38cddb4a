"""The roles as groups.

Django makes permission rows only after all migrations have run, so a fresh database has none here yet.
They are made now, by the same natural key, and Django then finds them and makes no second ones. The
partner manager's concern models of a later stage: named by rows, as nothing here may import them.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

REVIEW_PHOTO = ("review", "claim", "review_photo", "May review photos")
REVIEW_GUARDIAN = ("review", "claim", "review_guardian", "May review photos sent by guardians")
LEAD = [
    ("review", "claim", "decide_escalated", "May decide escalated photos"),
    ("review", "assignment", "lead_team", "May see the team's load and assign escalated photos"),
]
READ_AUDIT = ("review", "auditentry", "view_auditentry", "Can view audit entry")
EXPORT_AUDIT = ("review", "auditentry", "export_audit", "May export the audit")
READ_TERMS = [
    ("review", "termsversion", "view_termsversion", "Can view protection terms"),
    ("review", "clause", "view_clause", "Can view clause"),
]
MANAGE_PARTNERS = [
    ("matching", model, f"{verb}_{model}", f"Can {verb} {label}")
    for model, label in (("partner", "partner"), ("partnerkey", "partner key"))
    for verb in ("add", "change", "view")
]

READ_PARTNERS = [granted for granted in MANAGE_PARTNERS if granted[2].startswith("view_")]

ROLES = {
    "Reviewer": [REVIEW_PHOTO, *READ_TERMS],
    "Lead": [REVIEW_PHOTO, *LEAD, READ_AUDIT, EXPORT_AUDIT, *READ_TERMS],
    "Guardian reviewer": [REVIEW_PHOTO, REVIEW_GUARDIAN, *READ_TERMS],
    "Partner manager": MANAGE_PARTNERS,
    "Auditor": [READ_AUDIT, EXPORT_AUDIT, *READ_TERMS, *READ_PARTNERS],
}


def create_roles(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    content_types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    groups = apps.get_model("auth", "Group").objects
    for role, granted in ROLES.items():
        group, _ = groups.get_or_create(name=role)
        for app_label, model, codename, name in granted:
            content_type, _ = content_types.get_or_create(app_label=app_label, model=model)
            permission, _ = permissions.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": name}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0002_audit_append_only"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    # Backwards the groups stay: people are in them, and an admin may have changed them.
    operations = [migrations.RunPython(create_roles, migrations.RunPython.noop)]
