from typing import Any

from django.core.management.base import BaseCommand

from matching import cluster


class Command(BaseCommand):
    help = "One run of the task cluster, without a watchdog. Started by runworker; use that instead."

    def handle(self, *args: Any, **options: Any) -> None:
        cluster.run()
