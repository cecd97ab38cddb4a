from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from enrolling import STATEMENTS

from enrollment import receipts
from enrollment.forms import SHOWN_NAME_LENGTH, LookUpForm, UploadForm, shown_name


def upload_form(*names: str) -> UploadForm:
    data = QueryDict(mutable=True)
    data.update({"token": receipts.new_token()} | STATEMENTS)
    files: MultiValueDict[str, UploadedFile[Any]] = MultiValueDict()
    files.setlist("photos", [SimpleUploadedFile(name, f"bytes of {name}".encode()) for name in names])
    return UploadForm(data, files)


def test_files_keep_their_order_and_bytes() -> None:
    form = upload_form("b.png", "a.png")
    assert form.is_valid()
    sent = form.sent_files()
    assert [file.name for file in sent] == ["b.png", "a.png"]
    assert sent[1].data == b"bytes of a.png"
    assert sent[1].size == len(sent[1].data)


def test_an_empty_file_reaches_the_inspection_that_explains_it() -> None:
    form = UploadForm(
        {"token": receipts.new_token()} | STATEMENTS,
        MultiValueDict({"photos": [SimpleUploadedFile("empty.png", b"")]}),
    )
    assert form.is_valid()
    assert form.sent_files()[0].size == 0


def test_a_fresh_form_brings_a_token_along() -> None:
    assert receipts.TOKEN.fullmatch(UploadForm.fresh().initial["token"])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("holiday.png", "holiday.png"),
        ("  many   spaces\t.png", "many spaces .png"),
        ("a\u202egnp.exe", "a gnp.exe"),
        ("a\0b\r\nc.png", "a b c.png"),
        ("ünïcödé 写真.png", "ünïcödé 写真.png"),
        ("", ""),
    ],
)
def test_a_shown_name_holds_no_marks_that_mislead(name: str, shown: str) -> None:
    assert shown_name(name) == shown


def test_a_long_name_is_cut() -> None:
    assert len(shown_name("n" * 4000)) == SHOWN_NAME_LENGTH


def test_number_and_secret_are_kept_out_of_the_browser_s_memory() -> None:
    for field in LookUpForm():
        assert 'autocomplete="off"' in str(field)
