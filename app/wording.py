"""A sentence in both languages of the product. Every text a person meets is one of these, so none is half translated."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["zh", "en"]

LANGUAGES: tuple[Language, ...] = ("zh", "en")


class Text(NamedTuple):
    """One sentence or label, in Chinese and in English."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """The wording in the reader's language."""
        return self.en if language == "en" else self.zh

    def fill(self, **figures: object) -> Text:
        """The same sentence with its ``{placeholders}`` filled in; both languages must use the same names."""
        return Text(self.zh.format(**figures), self.en.format(**figures)) if figures else self
