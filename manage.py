#!/usr/bin/env python3
"""The one entry point: builds the environment when it has to, then runs a command inside it."""

import os
import sys

if sys.version_info < (3, 11):
    sys.exit("ARC needs Python 3.11 or newer. Hint: install it, then run `python3.11 manage.py up`.")
if sys.platform == "win32":
    sys.exit("ARC runs on Linux and macOS. Hint: on Windows, use it inside WSL.")

from arcsite import bootstrap


def main() -> None:
    try:
        bootstrap.enter_environment(sys.argv)
    except bootstrap.BuildFailed as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped. Run the same command again when you are ready.")
    run_command()


def run_command() -> None:
    # Only inside the environment is there a Django to import.
    from django.core.management import execute_from_command_line

    from arcsite import datadir

    try:
        datadir.prepare(sys.argv)
    except datadir.Unusable as error:
        sys.exit(str(error))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arcsite.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
