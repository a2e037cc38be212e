"""Where words stand in a text, for whoever names a span by its words; nothing but the words themselves is a place."""

import re

__all__ = ["places_of", "said_of_words"]

_LINE_END = re.compile(r"\r\n|\r|\n")
_BLANKS = {"\n": "⏎", "\t": "⇥"}
_BLANK = re.compile(r"[^\S\r\n]")


def places_of(text: str, words: str) -> list[tuple[int, int]]:
    """(start, end) of every place of the words in the text, in code points, end exclusive, in the order of the text.

    Places may overlap. Blanks around the words are no part of them, as with a selection on the Work page. How lines
    end makes no difference, nor which kind of blank stands between words: a field of a browser cannot hold all of them.
    Empty for words that are blank or not there.
    """
    lines = _LINE_END.split(words.strip())
    if lines == [""]:
        return []
    exact = r"(?>\r\n|\r|\n)".join(_BLANK.pattern.join(map(re.escape, _BLANK.split(line))) for line in lines)
    return [found.span(1) for found in re.finditer(f"(?=({exact}))", text)]


def said_of_words(text: str, words: str) -> str:
    """Why words have no place in the text, as a sentence; it names the words of the text that are nearly these."""
    words = words.strip()
    if not words:
        return "Write the words to mark, as they stand in the text."
    # Between characters that are no blanks themselves, so that it cannot try the same blanks in two ways.
    spaced = r"\s*".join(re.escape(character) for character in "".join(words.split()))
    found = re.search(spaced, text) or re.search(spaced, text, re.IGNORECASE)
    if found is None:
        return f"“{words}” is not in the text. Write the words as they stand there."
    if found[0].lower() == words.lower():
        what, written, there = "upper and lower case", words, found[0]
    else:
        cased = "".join(found[0].split()) == "".join(words.split())
        what = "spaces or line breaks" if cased else "case and spaces or line breaks"
        written, there = _shown(words), _shown(found[0])
    return (
        f"“{written}” is not in the text, but “{there}” is: only {what} differ. Write it as it stands there."
    )


def _shown(words: str) -> str:
    """With signs for the blanks, which a page would draw alike."""
    return "".join(_BLANKS.get(one, "␣") if one.isspace() else one for one in _LINE_END.sub("\n", words))
