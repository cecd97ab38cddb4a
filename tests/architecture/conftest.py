import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def unlimited(settings: Settings) -> None:
    """A walk along every address knocks more often than a person does."""
    settings.ARC_LIMIT_UPLOADS = settings.ARC_LIMIT_LOOKUPS = settings.ARC_LIMIT_SIGN_INS = 1_000_000
