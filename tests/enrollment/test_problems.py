import pytest
from django.conf import settings
from django.utils import translation

from enrollment.anatomy import damaged
from enrollment.forms import UploadForm
from enrollment.inspection import SentFile, UploadRefused
from enrollment.problems import Problem, file_problems, form_problems
from enrollment.refusals import MESSAGES, Refused


def test_form_problems_lead_to_their_fields_in_order() -> None:
    form = UploadForm({})
    assert not form.is_valid()
    problems = form_problems(form)
    assert [problem.anchor for problem in problems] == [
        "",  # the hidden token
        "id_photos",
        "id_in_photo",
        "id_not_consented",
        "id_adult",
    ]
    assert [problem.code for problem in problems[:2]] == ["required", "no-photo"]


def test_a_problem_of_the_whole_form_comes_first() -> None:
    form = UploadForm({})
    form.is_valid()
    form.add_error(None, "whole")
    assert form_problems(form)[0].message == "whole"


def test_refused_files_are_named_with_figures_and_the_good_ones_are_not() -> None:
    files = [SentFile(name, b"", 0) for name in ("a.png", "b.png")]
    refusal = UploadRefused([None, Refused("too-small", {"width": 10, "height": 20, "limit": 200})])
    (problem,) = file_problems(refusal, files)
    assert problem == Problem(
        message="The picture is 10 x 20 pixels; each side must be at least 200. Please send a larger copy.",
        code="too-small",
        about="Photo 2 (b.png)",
    )


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_every_refusal_is_a_whole_sentence(code: str) -> None:
    assert MESSAGES[code].rstrip().endswith(".")


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES if code != "en"])
def test_every_refusal_has_words_of_its_own_in_every_language(language: str) -> None:
    with translation.override(language):
        told = {code: translation.gettext(message) for code, message in MESSAGES.items()}
    assert len(set(told.values())) == len(MESSAGES) > 20
    assert not set(told.values()) & set(MESSAGES.values())


def test_figures_and_words_are_written_as_the_language_does() -> None:
    files = [SentFile(name, b"", 0) for name in ("a.jpg", "b.jpg", "c.jpg")]
    refusal = UploadRefused(
        [
            Refused("too-large-file", {"megabytes": 17.5, "limit_megabytes": 15.0}),
            damaged("the file ends too early"),
            Refused("transparent", {"percent": 0.25}),
        ]
    )
    with translation.override("es"):
        messages = " ".join(problem.message for problem in file_problems(refusal, files))
    assert "17,5 MB" in messages
    assert "15 MB" in messages
    assert "0,25 %" in messages
    assert "el archivo" in messages
