"""Why nothing more came from a service; the sentences are for the person who reads a log at night."""


class ServiceError(Exception):
    """``str(error)`` is one sentence without its final stop, ``code`` stable kebab-case."""

    code = "service-error"


class Unreachable(ServiceError):
    """No answer after several tries, or only answers that asked to come back later; waiting may help."""

    code = "unreachable"


class Spoiled(ServiceError):
    """An answer that is not what the service promises; nothing of it was used."""

    code = "spoiled-answer"


class Refused(ServiceError):
    """The service said no, by a problem document; ``code`` is the problem's."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class BadAddress(ServiceError):
    """The service's address is none that a key may be sent to."""

    code = "bad-address"
