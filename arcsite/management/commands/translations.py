import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from arcsite.translating import catalogues, exchange, rules
from arcsite.translating.texts import NotConstant, texts


class Command(BaseCommand):
    help = "The texts of the pages in other languages: look for new ones, check, hand out and take in."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
        _step(steps, "update", "bring every catalogue up to the texts of the sources, and compile it")
        _step(steps, "compile", "make the .mo files from the .po files")
        _step(steps, "check", "say what is missing or wrong; ends with 1 when anything is")
        step = _step(steps, "export", "print the texts nobody has translated yet, as JSON")
        step.add_argument("language")
        step.add_argument("--all", action="store_true", help="also those that are translated")
        step = _step(steps, "import", "take the translations of a JSON file that pass the checks")
        step.add_argument("language")
        step.add_argument("file", help="such as export prints, with msgstr filled in; - for standard input")

    def handle(self, *args: Any, step: str, **options: Any) -> None:
        try:
            getattr(self, f"do_{step}")(**options)
        except (NotConstant, catalogues.UnknownLanguage, exchange.Unreadable, OSError) as problem:
            raise CommandError(str(problem)) from None

    def do_update(self, **_: Any) -> None:
        found = texts()
        with catalogues.alone(*catalogues.languages()):
            for language in catalogues.languages():
                old = catalogues.read(language)
                entries = catalogues.merged(old, found, language)
                catalogues.save(language, entries)
                empty = sum(not entry.complete for entry in entries.values())
                gone = len(old.keys() - entries.keys())
                self.stdout.write(f"{language}: {len(entries)} texts, {empty} to be translated, {gone} gone")

    def do_compile(self, **_: Any) -> None:
        with catalogues.alone(*catalogues.languages()):
            for language in catalogues.languages():
                catalogues.save(language, catalogues.read(language))

    def do_check(self, **_: Any) -> None:
        found = texts()
        wrong = 0
        for language in catalogues.languages():
            old = catalogues.read(language)
            problems = [
                f"{language}: {text.msgid!r}: {fault}"
                for text, entry in catalogues.merged(old, found, language).items()
                for fault in rules.faults(text, entry, language)
            ]
            self.stdout.writelines(f"{problem}\n" for problem in problems)
            self.stdout.write(f"{language}: {len(found)} texts, {len(problems)} problems")
            wrong += len(problems)
        if wrong:
            raise CommandError("Some translations are missing or wrong. Hint: export, fill in, import.")

    def do_export(self, language: str, **options: Any) -> None:
        entries = catalogues.merged(catalogues.read(language), texts(), language)
        self.stdout.write(exchange.exported(entries, language, everything=options["all"]), ending="")

    def do_import(self, language: str, file: str, **_: Any) -> None:
        document = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        found = texts()
        with catalogues.alone(language):
            old = catalogues.read(language)
            entries = catalogues.merged(old, found, language)
            taken, refused = exchange.imported(entries, language, document)
            # What the sources no longer say stays until an update: a template may be half written just now.
            catalogues.save(language, old | entries | taken)
        empty = sum(not entry.complete for entry in (entries | taken).values())
        self.stdout.writelines(f"not taken: {reason}\n" for reason in refused)
        self.stdout.write(
            f"{language}: {len(taken)} taken, {len(refused)} problems, {empty} left to translate"
        )
        if refused:
            raise CommandError("Some translations were not taken. Hint: mend those and import them again.")


def _step(steps: Any, name: str, text: str) -> ArgumentParser:
    parser: ArgumentParser = steps.add_parser(name, help=text, description=text)
    return parser
