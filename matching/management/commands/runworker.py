from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from matching import supervisor

# The supervisor must hear a signal within seconds, so it does not wait for a locked database as others do.
PATIENCE_MS = 2000


class Command(BaseCommand):
    help = "Run the background work: the task cluster under a watchdog, and a sweep every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        connection_created.connect(be_impatient, dispatch_uid="matching.runworker")
        try:
            supervisor.supervise(settings.DATA_DIR, settings.BASE_DIR)
        except supervisor.AlreadyRunning:
            raise CommandError(
                "A worker already runs on this data directory; this one was not needed."
            ) from None


def be_impatient(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
