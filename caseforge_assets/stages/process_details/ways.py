"""Other ways of reading a text: out of a fence, of JSON, of tags; with line breaks where they were lost. Each gives the text as it would be, or None where it does not apply.

None of them decides whether it was right: that is told by the sections that are found then.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from caseforge_assets.stages.process_details.heading_forms import strong_line
from caseforge_assets.stages.process_details.heading_text import undecorated
from caseforge_assets.stages.process_details.sections import Sections
from caseforge_assets.stages.process_details.structured_texts import (
    out_of_blocks,
    out_of_html_table,
    out_of_json,
    out_of_table,
    with_tags_apart,
)
from caseforge_assets.stages.process_details.tagged_sections import out_of_tags

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*([^`\s]*)[^`]*$")
_MARKDOWN = {"markdown", "md"}
_ESCAPED_BREAK = re.compile(r"\\r\\n|\\n")
_FEW_LINES = 4
_LEAST_ESCAPED_BREAKS = 10
_MARK_ALONE = re.compile(r"^[ \t]*(#{1,6}|(?:#{1,6}[ \t]*)?(?:\d{1,2}|[ivxIVX]{1,4})[.):]?)[ \t]*\n\s*([^\n]{3,80})$", re.MULTILINE)
_HTML_HEADING = re.compile(r"(<h([1-6])\b[^<>]*>)\s*([^<>]*?)\s*(</h\2\s*>)", re.IGNORECASE)
_WITH_TEXT = re.compile(
    r"^([ \t]*#{1,6}[ \t]+)(?=\S)([^\n]{3,60}?)(?:[ \t]{0,9}:|[ \t][–—-])[ \t]+((?:\S+[ \t]+){3}[^\n]*[.!?;])[ \t]*$", re.MULTILINE
)


def ways(sections: Sections) -> Sequence[tuple[Callable[[str], str | None], str]]:
    """Give all ways, in the order in which they are tried, each with what it takes for granted.

    Args:
        sections: Those that a document has to have.
    """
    return (
        (lambda text: _out_of_first_fence(text, sections), "The document stood in a code block, which was taken off."),
        (_out_of_fence, "The document stood in a code block, which was taken off."),
        (lambda text: out_of_json(text, sections), "The document stood in JSON, from which it was taken."),
        (lambda text: _with_names_beside_marks(text, sections), "The marks or numbers of headings stood on lines of their own."),
        (_before_stray_fence, "A fence that closes no code block was left out."),
        (_with_breaks, "Line breaks were written as escapes."),
        (lambda text: _out_of_fences(text, sections), "Parts of the document stood in code blocks, which were taken off."),
        (lambda text: out_of_table(text, sections), "Sections stood in the rows of a table, which were made headings."),
        (lambda text: out_of_html_table(text, sections), "Sections stood in the rows of a table, which were made headings."),
        (lambda text: out_of_blocks(text, sections), "Sections stood in YAML, of which headings were made."),
        (with_tags_apart, "Tags stood one after the other on a line."),
        (lambda text: out_of_tags(text, sections), "Sections stood in tags, which were made headings."),
        (_with_html_on_one_line, "Headings in HTML went over several lines."),
        (lambda text: _with_text_below(text, sections), "Text stood on the lines of headings."),
        (lambda text: _with_blanks_before_names(text, sections), "Headings were plain lines directly below text."),
        (lambda text: _with_headings_apart(text, sections), "Headings stood in the midst of lines."),
    )


def _out_of_first_fence(text: str, sections: Sections) -> str | None:
    """Take what stands in the first fence, where others follow it that have code and no sections."""
    lines = text.splitlines()
    fences = [number for number, line in enumerate(lines) if _FENCE.match(line)]
    depth = 0
    for number, following in pairwise([*fences, len(lines)]):
        depth += 1 if _info(lines[number]) or not depth else -1
        if not depth:
            is_followed = following < len(lines) and bool(_info(lines[following]))
            if not is_followed or any(sections.meant(line.lstrip("# ")) for line in lines[following:] if line.startswith("#")):
                return None
            return "\n".join(lines[fences[0] + 1 : number]).strip()
    return None


def _out_of_fence(text: str) -> str | None:
    """Take what stands between the first fence and the last one, so that code blocks inside stay; the last one may be missing."""
    lines = text.splitlines()
    fences = [number for number, line in enumerate(lines) if _FENCE.match(line)]
    if not fences or sum(_info(lines[number]).casefold() in _MARKDOWN for number in fences) > 1:
        return None
    bare = [number for number in fences[1:] if not _info(lines[number])]
    return "\n".join(lines[fences[0] + 1 : bare[-1] if bare else len(lines)]).strip()


def _info(fence: str) -> str:
    found = _FENCE.match(fence)
    return found[2] if found else ""


def _before_stray_fence(text: str) -> str | None:
    """Take off a fence at the end that nothing has opened."""
    lines = text.rstrip().splitlines()
    fences = [line for line in lines if line.lstrip().startswith(("```", "~~~"))]
    return "\n".join(lines[:-1]).rstrip() if lines and len(fences) % 2 and lines[-1] == fences[-1] and not _info(lines[-1]) else None


def _out_of_fences(text: str, sections: Sections) -> str | None:
    """Take off the fences around parts of a document, such as one around each section; code blocks without a heading stay. None where most sections stand elsewhere."""
    lines, opened = text.splitlines(), 0
    kept: list[str] = []
    fence: str | None = None
    named = 0
    for line in lines:
        found = _FENCE.match(line)
        if fence is None and found:
            fence, opened = found[1], len(kept)
        elif fence is not None and found and not found[2] and found[1].startswith(fence):
            inside = kept[opened + 1 :]
            headings = [at for number, said in enumerate(inside) if said.strip() and (at := strong_line(inside, number))]
            named += len({section for at in headings if (section := sections.meant(at.text))})
            kept[opened:] = ["", *inside, ""] if headings else [*kept[opened:], line]
            fence = None
            continue
        kept.append(line)
    return "\n".join(kept).strip() if 2 * named >= len(sections.entries) else None


def _with_breaks(text: str) -> str | None:
    r"""Read `\n` as a line break in a text that has none of its own."""
    if len(_ESCAPED_BREAK.findall(text)) < _LEAST_ESCAPED_BREAKS or len(text.strip().splitlines()) > 2:
        return None
    return _ESCAPED_BREAK.sub("\n", text.strip().strip('"')).replace('\\"', '"').replace("\\t", "\t")


def _with_names_beside_marks(text: str, sections: Sections) -> str | None:
    """Put marks or numbers of headings before the names that stand on the lines below them."""
    named = 0

    def joined(found: re.Match[str]) -> str:
        nonlocal named
        is_named = sections.named(found[2]) is not None
        named += is_named
        return f"## {found[2]}" if is_named else found[0]

    plain = _MARK_ALONE.sub(joined, text)
    return plain if 2 * named >= len(sections.entries) else None


def _with_html_on_one_line(text: str) -> str | None:
    """Bring a heading in HTML to one line."""
    return _HTML_HEADING.sub(r"\1\3\4", text) if "<" in text else None


def _with_headings_apart(text: str, sections: Sections) -> str | None:
    """Put headings on lines of their own in a text whose line breaks were lost."""
    names = {name for section in sections.entries for name in (section.name, sections.asked.get(section.name, section.name))}
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    number = r"(?:\d{1,2}[.)][ \t]+)?"
    bold = rf"|\*\*{number}(?:{either}):?\*\*:?" if len(text.strip().splitlines()) <= _FEW_LINES else ""
    heading = re.compile(
        rf"(?:(?<=\S)[ \t]+|^)(#{{1,6}}[ \t]+{number}(?:{either}):?{bold})[ \t]+(?=\S)",
        re.MULTILINE | re.IGNORECASE,
    )
    broken, count = heading.subn(r"\n\n\1\n\n", text)
    return broken.strip() if 2 * count >= len(sections.entries) else None


def _with_blanks_before_names(text: str, sections: Sections) -> str | None:
    """Put a blank line before lines that have nothing but a section's name, where there is one of each."""
    lines = text.splitlines()
    named = {number: section for number, line in enumerate(lines) if (section := sections.named(undecorated(line)))}
    if len(set(named.values())) < len(sections.entries) or len(named) > len(sections.entries):
        return None
    return "\n".join(f"\n{line}" if number in named else line for number, line in enumerate(lines)).strip()


def _with_text_below(text: str, sections: Sections) -> str | None:
    """Put the text beneath a heading that stands on its line: a sentence behind the section's name."""

    def apart(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}\n\n{found[3]}" if sections.named(found[2]) else found[0]

    return _WITH_TEXT.sub(apart, text)
