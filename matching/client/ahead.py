"""The next page is on its way while this one is looked at."""

import threading
from queue import SimpleQueue

from matching.client.pages import Page
from matching.client.service import Service


class Ahead:
    """The page that follows another, asked for at once.

    By a daemon thread: somebody who interrupts does not wait for an answer that nobody wants any more.
    """

    def __init__(self, service: Service, page: Page) -> None:
        self._answer: SimpleQueue[Page | BaseException | None] = SimpleQueue()
        threading.Thread(target=self._ask, args=(service, page), daemon=True).start()

    def page(self) -> Page | None:
        """Wait for it. Raises a ServiceError."""
        answer = self._answer.get()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _ask(self, service: Service, page: Page) -> None:
        try:
            self._answer.put(service.page(page.next, page.feed))
        except BaseException as error:  # whatever it is, it is for whoever waits
            self._answer.put(error)
