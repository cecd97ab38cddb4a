"""What a translation must keep of the English text, so that a page never breaks in another language."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from arcsite.translating.catalogues import Entry, numbers_of
from arcsite.translating.texts import Text

PLACEHOLDER = re.compile(r"%\((\w+)\)[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]|(\{\w*\})|(%[sdgi])(?!\w)")
ANY_PERCENT = re.compile(r"%\(\w+\)[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]|%%|%")
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
ADDRESS = re.compile(r"https?://[^\s<>\"']+|#[0-9A-Fa-f]{6}\b")
EDGES = re.compile(r"^(\s*).*?(\s*)$", re.DOTALL)
# They turn the text around for as long as nobody ends them, on a page where a lie about order could matter.
HIDDEN = re.compile("[\u202a-\u202e\x00-\x09\x0b-\x1f\x7f\ufeff\ufffd]")
MANY_WORDS = 5


def faults(text: Text, entry: Entry, language: str) -> list[str]:
    """One sentence for everything that is wrong with a translation; nothing for a good one."""
    numbers = numbers_of(language) if text.plural else [[]]
    if len(entry.strings) != len(numbers):
        return [f"it needs {len(numbers)} forms and has {len(entry.strings)}"]
    found = ["it is marked as fuzzy"] if entry.fuzzy else []
    for form, (string, counted) in enumerate(zip(entry.strings, numbers, strict=True)):
        place = f"form {form}: " if text.plural else ""
        found += [place + fault for fault in _faults_of(text, string, len(counted) == 1)]
    return found


def _faults_of(text: Text, string: str, one_number: bool) -> Iterator[str]:
    english = text.plural or text.msgid
    if not string.strip():
        yield "it is empty"
        return
    if string == english and len(re.findall(r"[A-Za-z]{2,}", _without_marks(english))) >= MANY_WORDS:
        yield "it is still English"
    yield from _placeholder_faults(text, string, one_number)
    for what, pattern in (("tags", TAG), ("addresses and colours", ADDRESS)):
        before, after = pattern.findall(english), pattern.findall(string)
        if Counter(before) != Counter(after):
            yield f"its {what} differ: {_list(before)} became {_list(after)}"
    if ("<" in _without_marks(string)) > ("<" in _without_marks(english)):
        yield "it has a < that begins no tag"
    if _edges(string) != _edges(english):
        yield "spaces or lines at its beginning or end differ"
    if hidden := HIDDEN.findall(string):
        yield f"it holds invisible characters: {_list(map(ascii, hidden))}"


def _placeholder_faults(text: Text, string: str, one_number: bool) -> Iterator[str]:
    """A form for exactly one number may say it in words, so there one placeholder may be missing."""
    wanted, found = _placeholders(text.plural or text.msgid), _placeholders(string)
    missing, strange = wanted - found, found - wanted
    if strange:
        yield f"it has {_list(strange)}, which the English text has not"
    if missing and not (one_number and missing.total() == 1):
        yield f"it lacks {_list(missing)}"
    if _percent_signs(text.plural or text.msgid) != _percent_signs(string):
        yield "its percent signs differ: each must be there, doubled where the English one is"


def _placeholders(string: str) -> Counter[str]:
    return Counter(match[0] for match in PLACEHOLDER.finditer(string.replace("%%", "")))


def _percent_signs(string: str) -> Counter[str]:
    return Counter(sign for sign in ANY_PERCENT.findall(string) if sign in {"%", "%%"})


def _without_marks(string: str) -> str:
    return TAG.sub("", PLACEHOLDER.sub("", string))


def _edges(string: str) -> tuple[str, str]:
    match = EDGES.match(string)
    assert match is not None
    return match[1], match[2]


def _list(parts: Iterable[str]) -> str:
    return ", ".join(sorted(parts)) or "nothing"
