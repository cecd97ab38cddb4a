"""Names shared by the fixtures and tests that work on rows of photos without looking at any picture."""

from collections.abc import Callable

from enrollment.models import Photo

# make_photo(state, *, original=WORKING, **fields)
MakePhoto = Callable[..., Photo]
WORKING = b"the working picture of a covered photo"
