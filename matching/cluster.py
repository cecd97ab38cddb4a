"""``python -m matching.cluster``: django-q2's cluster, none of whose processes outlives its parent.

Killing the main process of a plain ``qcluster`` leaves its sentinel and workers at work, unsupervised.
"""

import django
from django.core.management import call_command

from matching import processes


def main() -> None:
    processes.bind_every_fork()
    django.setup()
    call_command("qcluster")


if __name__ == "__main__":
    main()
