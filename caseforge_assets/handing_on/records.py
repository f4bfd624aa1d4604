"""Records for writers: pages of text in the order and under the headings of their framework, and use cases with what was decided of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from caseforge_assets.costs.sums import named, usd
from caseforge_assets.safe_text import one_line

SIMULATED = "Simulated: written by a stand-in for a model, to try things with. Nothing in it is advice."


@dataclass(frozen=True)
class Source:
    """The origin of a content, or of one of its items; a cost of None is unknown, and an item's is its share of the content's."""

    edition: str
    made_by: str
    model: str | None
    made_at: datetime
    simulated: bool
    cost_usd: Decimal | None
    batch: str | None = None
    quality: int | None = None
    edited: bool = False

    @property
    def writer(self) -> str:
        """Says who wrote it, in a few words."""
        name = self.made_by if self.edited or not self.model else self.model
        return f"{one_line(name)} (simulated)" if self.simulated else one_line(name)

    @property
    def cost(self) -> str:
        """Says what it cost, in a few words."""
        return named(self.cost_usd, self.simulated)

    def facts(self) -> dict[str, str]:
        """All that is known, by what people call it."""
        cost = f"{usd(self.cost_usd)}{' (simulated: what it would have cost)' if self.simulated else ''}"
        known = {
            "Made by": one_line(self.made_by),
            "Model": one_line(self.model or ""),
            "Simulated": "yes" if self.simulated else "no",
            "Made on": f"{self.made_at:%Y-%m-%d}",
            "Edition": one_line(self.edition),
            "Batch": one_line(self.batch or ""),
            "Cost": cost,
            "Quality score (0 to 100)": "" if self.quality is None else str(self.quality),
        }
        return {name: value for name, value in known.items() if value}


@dataclass(frozen=True)
class Place:
    """A node above others; `depth` is 1 for those at the top."""

    code: str
    name: str
    depth: int


@dataclass(frozen=True)
class Page:
    """A content as a text: a document, a specification, the use cases of a node."""

    code: str
    name: str
    title: str
    stage: str
    body: str
    source: Source
    depth: int = 1


@dataclass(frozen=True)
class Book:
    """Pages with the nodes above them, in the framework's order.

    Attributes:
        framework: Its title for people.
        about: What was selected and left out, a sentence each.
        is_one: Whether it is a single document, which needs no title page and no contents.
    """

    title: str
    framework: str
    edition: str
    made_on: date
    entries: Sequence[Place | Page]
    about: Sequence[str] = ()
    is_one: bool = False

    @property
    def pages(self) -> list[Page]:
        """The pages alone."""
        return [entry for entry in self.entries if isinstance(entry, Page)]

    @property
    def simulated(self) -> int:
        """Counts how many pages are simulated."""
        return sum(page.source.simulated for page in self.pages)


@dataclass(frozen=True)
class Decided:
    """The decision on a use case; the first status is that of all on which nobody has decided."""

    status: str = "idea"
    reason: str = ""
    owner: str = ""
    review_on: date | None = None
    tags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Idea:
    """A use case, as people judge it.

    Attributes:
        above: The nodes above its process, from the top: code and name.
        levels: Readable levels, by what they are of: complexity, return, risk.
        texts: Its other texts, by heading, in their order.
        superseded: Whether its node has been generated anew since it was chosen.
    """

    framework: str
    candidate_id: int
    uid: str
    title: str
    code: str
    process: str
    above: tuple[str, ...]
    category: str
    levels: Mapping[str, str]
    texts: Mapping[str, str]
    source: Source
    priority: float | None = None
    decided: Decided = field(default_factory=Decided)
    superseded: bool = False
