"""Candidates that are known to tell the same idea, or not: texts from the catalogue, and ideas that nobody else has."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.similar.catalogue import DETAILS, DETAILS_OF_AN_IDEA, FRAMES, MATTERS, OPENINGS, TALK, TECHNIQUES, TITLE_ENDS

SHARE_OF_CATALOGUE = 0.5
COMMON_IDEAS = 1.1  # the exponent by which some ideas are told more often than others


@dataclass(frozen=True, slots=True)
class Told:
    """A candidate's title and description, and which idea it tells: technique and matter."""

    title: str
    description: str
    idea: tuple[str, str]


class Teller:
    """Tells ideas; the same seed tells the same ones."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.ideas = [(technique, matter) for technique in TECHNIQUES for matter in MATTERS]
        self.chance.shuffle(self.ideas)
        self.weights = [1 / (rank + 20) ** COMMON_IDEAS for rank in range(len(self.ideas))]
        self.own = 0

    def any(self, process: str) -> Told:
        """Tells an idea of the catalogue, or one that is told once."""
        if self.chance.random() < SHARE_OF_CATALOGUE:
            return self.tell(self.chance.choices(self.ideas, self.weights)[0], process)
        return self.tell_own(process)

    def tell(self, idea: tuple[str, str], process: str) -> Told:
        """Tells an idea of the catalogue for a process, in one of many wordings."""
        technique, matter = idea
        names, words = MATTERS[matter]
        return self._write(TECHNIQUES[technique], names, words, process, idea)

    def tell_own(self, process: str) -> Told:
        """Tells an idea about a matter that nothing else is about, with a technique that many have."""
        self.own += 1
        made = [self._word() for _ in range(9)]
        technique = self.chance.choice(list(TECHNIQUES))
        names = (f"{made[0]} {made[1]}", f"{made[1]} of {made[0]}", f"{made[0]} {made[1]} {made[2]}")
        return self._write(TECHNIQUES[technique], names, tuple(made[3:]), process, (technique, str(self.own)))

    def _write(
        self,
        technique: tuple[tuple[str, ...], tuple[tuple[str, ...], ...]],
        names: Sequence[str],
        words: Sequence[str],
        process: str,
        idea: tuple[str, str],
    ) -> Told:
        pick = self.chance.choice
        titles, sentences = technique
        title = pick(titles).format(x=pick(names)) + pick(TITLE_ENDS).format(process=process.lower())
        told = [pick(wordings).format(x=pick(names), w=pick(words)) for wordings in self.chance.sample(sentences, 2)]
        details = random.Random(str(idea)).sample(DETAILS, DETAILS_OF_AN_IDEA)
        frames = zip(self.chance.sample(FRAMES, 2), (words, details), strict=True)
        framed = [frame.format(**dict(zip("abc", self.chance.sample(said, 3), strict=True))) for frame, said in frames]
        parts = [pick(OPENINGS).format(process=process), *told, *framed, *self.chance.sample(TALK, 2)]
        return Told(title[0].upper() + title[1:], " ".join(part[0].upper() + part[1:] for part in parts), idea)

    def _word(self) -> str:
        syllables = range(self.chance.randint(3, 4))
        return "".join(self.chance.choice("bdfgklmnprst") + self.chance.choice("aeiou") for _ in syllables)
