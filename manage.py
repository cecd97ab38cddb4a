#!/usr/bin/env python3
"""The one entry point: builds the environment when it has to, then runs a command inside it."""

import sys

if sys.version_info < (3, 11):
    sys.exit("ARC needs Python 3.11 or newer. Hint: install it, then run `python3.11 manage.py up`.")
if sys.platform == "win32":
    sys.exit("ARC runs on Linux and macOS. Hint: on Windows, use it inside WSL.")

from arcsite import bootstrap, datadir


def main() -> None:
    try:
        bootstrap.enter_environment(sys.argv)
        datadir.prepare(sys.argv)
    except (bootstrap.BuildFailed, datadir.Unusable) as error:
        sys.exit(str(error))

    # Django exists only inside the environment that was entered above.
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
