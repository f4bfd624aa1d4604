"""Contents as a folder of markdown pages, with an index that is the framework's tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseforge_assets.commands.exporting.write_file import write_text
from caseforge_assets.costs.sums import usd
from caseforge_assets.safe_text import file_name, file_names, link_text, safe_markdown

MARKER = ".caseforge-export"
PROVENANCE_HEAD = "Where this is from"
PROVENANCE = {
    "edition": "Edition",
    "version": "Version of the content",
    "stage_version": "Version of the stage",
    "generated_by": "Made by",
    "model": "Model",
    "remote_batch_id": "Batch",
    "remote_request_id": "Request at the provider",
    "result_file": "Result file",
    "result_line": "Line in it",
    "answer_sha256": "SHA-256 of the answer",
    "reused_from": "Reused from content",
    "cost": "Cost",
    "stored_at": "Stored",
    "quality_score": "Quality score (0 to 100)",
}


@dataclass(frozen=True)
class Heading:
    """A node above others: its code, name, and the code of the one above it."""

    code: str
    name: str
    parent_code: str | None


def write_pages(
    target: Path,
    key: str,
    bodies: Mapping[str, Sequence[dict[str, Any]]],
    headings: Mapping[str, Heading],
    about: Sequence[str] = (),
) -> None:
    """Writes a page for each content, below a folder for each stage, and index.md.

    Args:
        about: what the index says of the selection, a paragraph each.

    Raises:
        ValueError: the folder holds something that was not written by an export.
    """
    marker = target / MARKER
    if target.exists() and any(target.iterdir()) and not marker.exists():
        raise ValueError(f"{target} is not empty and was not made by an export; name another folder")
    target.mkdir(parents=True, exist_ok=True)
    marker.touch()
    pages: dict[str, list[tuple[str, str]]] = {}
    names: dict[str, str] = {}
    files = file_names(row["partition_key"] for rows in bodies.values() for row in rows)
    for stage, rows in bodies.items():
        for row in rows:
            path = target / file_name(stage) / f"{files[row['partition_key']]}.md"
            write_text(path, [_page(row)])
            pages.setdefault(row["code"], []).append((stage, f"{path.parent.name}/{path.name}"))
            names[row["code"]] = row["name"]
    write_text(
        target / "index.md", [f"# {link_text(key)}\n\n", *(f"{link_text(text)}\n\n" for text in about), *_tree(pages, names, headings)]
    )


def _tree(pages: Mapping[str, list[tuple[str, str]]], names: Mapping[str, str], headings: Mapping[str, Heading]) -> Iterator[str]:
    """A nested list: what stands above a page is named once, before the first page below it."""
    shown: set[str] = set()
    for code, links in pages.items():
        above = _above(code, headings)
        for depth, heading in enumerate(above):
            if heading.code not in shown:
                shown.add(heading.code)
                yield f"{'  ' * depth}- {link_text(f'{heading.code} {heading.name}')}\n"
        linked = ", ".join(f"[{link_text(stage)}]({path})" for stage, path in links)
        yield f"{'  ' * len(above)}- {link_text(f'{code} {names[code]}')}: {linked}\n"


def _above(code: str, headings: Mapping[str, Heading]) -> list[Heading]:
    above: list[Heading] = []
    here = headings.get(code)
    while here is not None and here.parent_code is not None and (here := headings.get(here.parent_code)) is not None:
        above.insert(0, here)
    return above


def _page(row: dict[str, Any]) -> str:
    simulated = " (simulated)" if row["simulated"] else ""
    batch = f" · batch {row['remote_batch_id']}" if row["remote_batch_id"] else ""
    facts = f"{row['code']} · {row['framework_key']} {row['edition']} · {row['model'] or row['generated_by']}{simulated} · {row['answered_at']:%Y-%m-%d}{batch}"
    return f"# {link_text(row['title'])}\n\n*{link_text(facts)}*\n\n{safe_markdown(row['body'])}\n\n{_provenance(row)}"


def _provenance(row: dict[str, Any]) -> str:
    shown = row | {"cost": f"{usd(row['cost_usd'])}{' (simulated: what it would have cost)' if row['simulated'] else ''}"}
    known = [f"| {label} | {_cell(shown[name])} |\n" for name, label in PROVENANCE.items() if shown[name] is not None]
    return f"---\n\n| {PROVENANCE_HEAD} | |\n|---|---|\n" + "".join(known)


def _cell(value: object) -> str:
    return link_text(str(value))
