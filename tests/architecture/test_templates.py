"""What a strict Content-Security-Policy and a careful form need of every template."""

import re
from collections.abc import Callable, Iterator

import pytest
from project_files import ROOT, named, project_files

# A search shows what is there and changes nothing; its question may stand in the address.
FORMS_THAT_GET = frozenset[str]()

Rule = Callable[[str], list[str]]
TAG = re.compile(r"<[a-zA-Z](?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
INCLUDE = re.compile(r"{%\s*include \"([^\"]+)\"[^%]*%}")
EXTENDS = re.compile(r"{%\s*extends \"([^\"]+)\"\s*%}")
# A block of data, which no browser runs.
DATA = re.compile(r"<script\b[^>]*\stype=.?application/json\b")
TITLE = re.compile(r"{%\s*block title\s*%}")


def without_comments(html: str) -> str:
    return re.sub(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}", "", html, flags=re.DOTALL)


def expanded(html: str) -> str:
    """With the templates that it includes by name in their places."""
    return INCLUDE.sub(lambda match: expanded(text_of(match[1])), html)


def chain(html: str) -> Iterator[str]:
    """The template and those it extends, the base of all pages aside."""
    yield html
    if (parent := EXTENDS.search(html)) and parent[1] != "base.html":
        yield from chain(text_of(parent[1]))


def text_of(name: str) -> str:
    path = ROOT / "templates" / name
    return without_comments(path.read_text(encoding="utf-8")) if path.exists() else ""


def inline_code(html: str) -> list[str]:
    """Scripts and styles in the page, handlers and style attributes on its elements, script addresses."""
    tags = TAG.findall(html)
    return [
        *(
            tag
            for tag in tags
            if tag.startswith("<script") and not re.search(r"\ssrc=", tag) and not DATA.match(tag)
        ),
        *(tag for tag in tags if re.match(r"<style\b", tag)),
        *(tag for tag in tags if re.search(r"\s(on[a-z]+|style)\s*=", tag, re.IGNORECASE)),
        *(tag for tag in tags if re.search(r"(href|src|action)\s*=\s*.?\s*javascript:", tag, re.IGNORECASE)),
    ]


def foreign_addresses(html: str) -> list[str]:
    """Parts of the page that another origin would deliver."""
    loading = r"<(script|link|img|iframe|source|video|audio|object|embed)\b"
    return [
        tag
        for tag in TAG.findall(html)
        if re.match(loading, tag) and re.search(r"(src|srcset|href|data)\s*=\s*.?(https?:)?//", tag)
    ]


def forms_without_post(html: str) -> list[str]:
    forms = [tag for tag in TAG.findall(html) if re.match(r"<form\b", tag)]
    return [tag for tag in forms if not re.search(r"\smethod=.?post\b", tag, re.IGNORECASE)]


def posts_without_token(html: str) -> list[str]:
    forms = re.findall(r"<form\b.*?</form>", expanded(html), re.DOTALL)
    return [form[:80] for form in forms if "post" in form[:200] and "{% csrf_token %}" not in form]


RULES: dict[str, tuple[Rule, str]] = {
    "inline code": (inline_code, "<button type='button' onclick='x()'>"),
    "foreign address": (foreign_addresses, '<script src="https://cdn.example/x.js"></script>'),
    "form without post": (forms_without_post, '<form action="/x/">'),
    "post without token": (posts_without_token, '<form method="post"><button>Send</button></form>'),
}


@pytest.mark.parametrize("rule", RULES)
def test_every_template_keeps_it(rule: str) -> None:
    check, _ = RULES[rule]
    templates = project_files(".html", under="templates")
    assert len(templates) > 20
    found = {named(path): check(without_comments(path.read_text(encoding="utf-8"))) for path in templates}
    allowed = FORMS_THAT_GET if check is forms_without_post else frozenset()
    assert {name: tags for name, tags in found.items() if tags and name not in allowed} == {}


@pytest.mark.parametrize("rule", RULES)
def test_a_breach_is_noticed(rule: str) -> None:
    check, breach = RULES[rule]
    assert len(check(breach)) == 1


@pytest.mark.parametrize(
    "breach",
    [
        "<script>x()</script>",
        "<style>p{}</style>",
        '<p style="color:red">',
        "<a href='javascript:x()'>",
        '<img alt="a > b" onerror="x()">',
    ],
)
def test_each_kind_of_inline_code_is_noticed(breach: str) -> None:
    assert len(inline_code(breach)) == 1


def test_every_page_has_a_title_and_every_part_is_marked() -> None:
    """A page extends another template; what is only included starts with an underscore."""
    pages = [
        path
        for path in project_files(".html", under="templates")
        if not path.name.startswith("_") and not path.is_relative_to(ROOT / "templates" / "admin")
    ]
    assert len(pages) > 15
    texts = {named(path): path.read_text(encoding="utf-8") for path in pages}
    untitled = [name for name, text in texts.items() if not any(map(TITLE.search, chain(text)))]
    assert untitled == []
