"""Prompt templates: Jinja files in a stage's folder, each with its version in the first line."""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

_VERSION = re.compile(r"\A\{# version (\d+) #\}")


def read_template(folder: Path, name: str) -> str:
    """Read a template's text as it stands in its file.

    Args:
        folder: The stage's folder.
        name: The file's name without its ending, such as `system`.
    """
    return (folder / f"{name}.jinja").read_text(encoding="utf-8")


def template_version(folder: Path, *names: str) -> str:
    """Join the versions of several templates, such as `1.3` for a system template 1 and a user template 3.

    Args:
        folder: The stage's folder.
        names: The templates' names, in the order in which their versions are written.

    Raises:
        ValueError: A template does not begin with a line like `{# version 1 #}`.
    """
    versions = []
    for name in names:
        found = _VERSION.match(read_template(folder, name))
        if found is None:
            raise ValueError(f"{folder / name}.jinja must begin with a line like {{# version 1 #}}.")
        versions.append(found[1])
    return ".".join(versions)


def render(folder: Path, name: str, **values: object) -> str:
    """Fill in a template; a value that the template uses and that is not given is an error.

    Args:
        folder: The stage's folder.
        name: The template's name.
        values: What the template may use. Text in it is never taken for a template itself.
    """
    return _environment(folder).get_template(f"{name}.jinja").render(values).strip()


@cache
def _environment(folder: Path) -> "jinja2.Environment":
    import jinja2  # not at the top: commands that build no request do without it

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",)),  # prompts are plain text
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
