"""What can go wrong in the engine, each with a stable code for machines and a sentence for people."""


class EngineError(Exception):
    """Base of every refusal of the engine; ``code`` is stable kebab-case, ``str(error)`` one sentence."""

    code = "engine-error"


class TooLittleDetail(EngineError):
    """Too little of the photo is visible to recognise it later; it could only cause false matches."""

    code = "too-little-detail"

    def __init__(self, detail: int, needed: int) -> None:
        super().__init__(
            f"Too little of your photo is visible to recognise it later: "
            f"{detail} visible details found, {needed} are needed."
        )
        self.detail = detail
        self.needed = needed

    def __reduce__(self) -> tuple[type["TooLittleDetail"], tuple[int, int]]:
        return type(self), (self.detail, self.needed)


class MalformedFingerprint(EngineError):
    """A stored or received fingerprint is not what this code writes."""

    code = "malformed-fingerprint"


class NewerVersion(EngineError):
    """A fingerprint or store made by a later algorithm, which this code must not guess at."""

    code = "newer-version"


class DuplicateId(EngineError):
    """Two fingerprints under one id: removing one of them would leave the other matching."""

    code = "duplicate-id"


class CorruptStore(EngineError):
    """A store file that is cut off, damaged or something else altogether."""

    code = "corrupt-store"
