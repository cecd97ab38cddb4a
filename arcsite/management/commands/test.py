import sys

from django.core.management.base import BaseCommand

from arcsite import testrun


class Command(BaseCommand):
    help = (
        "Run every check and every test: test [--slow]. "
        "With other arguments only pytest runs, with them: test tests/review -k queue."
    )

    def run_from_argv(self, argv: list[str]) -> None:
        # Not parsed here: every argument but ours is meant for pytest.
        arguments = argv[2:]
        if {"-h", "--help"} & set(arguments):
            self.stdout.write(self.help)
            return
        sys.exit(testrun.run_pytest(arguments) if set(arguments) - {"--slow"} else testrun.run_all(arguments))
