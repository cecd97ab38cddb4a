"""What pages said since fingerprints were last put in force: the latest word on each id, laid out already."""

from matching.cli.pull_plan import Named, Part
from matching.client.pages import Changes
from matching.engine.columns import Columns


class News:
    """``parts`` hold what is to be matched; ``told`` are all ids that pages spoke of, withdrawn ones too."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.told: set[str] = set()
        self.unsupported = 0

    def __len__(self) -> int:
        return len(self.told)

    def add(self, said: Changes) -> None:
        """Take in the next page; what it says of an id replaces what earlier ones said."""
        ids = said.gone.union(said.ids)
        if again := self.told & ids:
            named = Named(again)
            self.parts = [part.without(named) for part in self.parts]
        if said.ids:
            self.parts.append(Part(Columns.of_rows(said.ids, said.rows)))
        self.told |= ids
        self.unsupported += said.unsupported
