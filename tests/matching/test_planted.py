import itertools
import json
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from partner_rows import live_partner
from photo_rows import MakePhoto

from enrollment.states import PhotoState
from matching import canaries, feed, pages, planted, services, trial_pictures
from matching.cli.drawn_photos import drawn_photo
from matching.engine.calibration import RATE
from matching.engine.grid import luma_grid
from matching.engine.index import Index
from matching.engine.jsonform import from_json, to_json
from matching.models import FeedRecord, Partner, Planted


@pytest.fixture
def partner(db: None) -> Partner:
    partner = live_partner()
    Partner.objects.update(stage=Partner.Stage.ONBOARDING)
    partner.refresh_from_db()
    planted.onboard(partner)
    return partner


def go_live(partner: Partner) -> None:
    Partner.objects.filter(pk=partner.pk).update(stage=Partner.Stage.LIVE)
    partner.refresh_from_db()
    planted.go_live(partner)


def statuses(partner: Partner) -> list[str]:
    return [json.loads(record)["status"] for record in pages.page(partner, after=0, limit=99).records]


def test_test_records_are_of_the_test_pictures(partner: Partner) -> None:
    page = pages.page(partner, after=0, limit=9)
    found = [json.loads(record)["fingerprint"] for record in page.records]
    assert [from_json(one) for one in found] == [
        trial_pictures.fingerprint(number) for number in range(trial_pictures.COUNT)
    ]


def test_one_is_withdrawn_when_all_were_fetched(partner: Partner) -> None:
    planted.after_pull(partner, 2)
    assert statuses(partner) == ["active"] * 3
    planted.after_pull(partner, 3)
    planted.after_pull(partner, 4)
    assert statuses(partner) == ["active", "active", "withdrawn"]
    partner.stage = Partner.Stage.LIVE
    planted.after_pull(partner, 4)
    assert statuses(partner) == ["active", "active", "withdrawn"]


def test_going_live_withdraws_them_and_plants_a_canary(partner: Partner) -> None:
    planted.after_pull(partner, 3)
    go_live(partner)
    assert statuses(partner) == ["withdrawn"] * 3 + ["active"]
    waiting = Planted.objects.filter(kind=Planted.Kind.CANARY, due_seq__isnull=False)
    assert waiting.count() == planted.CANARIES - 1
    assert all(pages.head() <= (one.due_seq or 0) <= pages.head() + planted.SPREAD for one in waiting)


def test_the_others_appear_among_what_is_published_later(partner: Partner, make_photo: MakePhoto) -> None:
    go_live(partner)
    other = live_partner("Other")
    Planted.objects.filter(due_seq__isnull=False).update(due_seq=pages.head() + 2)
    for _ in range(3):
        services.process_photo(make_photo(PhotoState.COVERED).pk, actor="worker")
    assert statuses(partner).count("active") == 3 + planted.CANARIES
    assert statuses(other) == ["active"] * 3
    assert not Planted.objects.filter(due_seq__isnull=False).exists()
    last = FeedRecord.objects.order_by("seq").last()
    assert last is not None
    assert last.photo is not None


def test_a_canary_is_read_like_any_other_and_made_once() -> None:
    made = [to_json(canaries.draw()) for _ in range(3)]
    assert [to_json(from_json(one)) for one in made] == made
    assert all(set(one) == set(feed.FIELDS) for one in made)
    assert len({one["hash"] for one in made}) == 3


@pytest.mark.pictures
def test_a_canary_matches_no_picture_at_a_thousand_times_the_rate() -> None:
    """Not even one that looks like its sketch or like its hashes, whole or with light and dark exchanged."""
    random = np.random.default_rng(5)
    sources = [canaries.drawn_grid(random) for _ in range(40)]
    made = [canaries.turned(canaries.plain(grid, random)) for grid in sources]
    index = Index((str(number), one) for number, one in enumerate(made))
    plain = Index((str(number), canaries.turned(one)) for number, one in enumerate(made))
    drawn = [luma_grid(np.asarray(drawn_photo(number).convert("L"))) for number in range(40)]
    everything = np.stack([*sources, *(255 - grid for grid in sources), *drawn])
    assert all(plain.search(np.stack(sources), rate=RATE))
    assert not any(index.search(everything, rate=1000 * RATE))


class TestTrace:
    @pytest.fixture
    def leaked(self, partner: Partner, make_photo: MakePhoto) -> str:
        """The whole feed of one partner, as its client would hold it."""
        go_live(partner)
        go_live(live_partner("Other"))
        Planted.objects.filter(due_seq__isnull=False).update(due_seq=1_000_000)  # else by chance
        services.process_photo(make_photo(PhotoState.COVERED).pk, actor="worker")
        return pages.page(partner, after=0, limit=99).text()

    @pytest.mark.parametrize("change", [str, str.upper, lambda text: text.replace('"hash":', "\n"), repr])
    def test_a_leaked_list_names_its_partner(self, leaked: str, partner: Partner, change: object) -> None:
        assert callable(change)
        assert planted.trace(BytesIO(change(leaked).encode())) == {partner: 1}

    def test_one_word_is_enough(self, leaked: str, partner: Partner) -> None:
        [canary] = Planted.objects.filter(partner=partner, kind="canary", due_seq__isnull=True)
        for word in [*canaries.words_of(canary.document), feed.public_id(partner, canary.pk)]:
            assert planted.trace(BytesIO(b"x" * 3 + b" " + word.encode())) == {partner: 1}

    def test_a_word_cut_by_the_reading_is_found(self, leaked: str, partner: Partner) -> None:
        for shift in itertools.chain(range(-900, 0, 150), [0, 5]):
            padding = b" " * (canaries.AT_ONCE + shift)
            assert planted.trace(BytesIO(padding + leaked.encode())) == {partner: 1}

    def test_other_lists_name_nobody(self, leaked: str) -> None:
        assert planted.trace(BytesIO(b"")) == {}
        assert planted.trace(BytesIO(b"no list of ours " * 99_999)) == {}

    def test_the_command_says_it(self, leaked: str, partner: Partner, tmp_path: Path) -> None:
        file, out = tmp_path / "leaked.json", StringIO()
        file.write_text(leaked)
        call_command("trace_canary", file, stdout=out)
        assert out.getvalue() == f"{partner.name}: 1 of its canaries\n"
        file.write_text("nothing")
        call_command("trace_canary", file, stdout=out)
        assert "No canary" in out.getvalue()
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("trace_canary", tmp_path / "absent")
