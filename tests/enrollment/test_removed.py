from enrollment.removed import WORDS, in_words


def test_the_most_personal_comes_first() -> None:
    assert in_words(["comment", "thumbnail", "location"]) == [
        "the place where it was taken",
        "a small preview picture",
        "a comment",
    ]


def test_an_unknown_kind_is_not_kept_from_the_sender() -> None:
    assert in_words(["new-thing", "newer-thing"]) == [str(WORDS["other-details"])]


def test_nothing_removed_is_nothing_said() -> None:
    assert in_words([]) == []
