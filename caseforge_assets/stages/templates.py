"""Prompt templates: Jinja files in a stage's folder, each of which a file of the same name in a folder of one's own may replace.

A framework may have a folder of its own, whose files come before those of the project.

Templates are data, also where somebody else wrote them: they run in Jinja's sandbox, see what they are given and nothing
else, and stand alone (no include, no import).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from caseforge_assets.stages.languages import language_name

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

ENDING = ".jinja"
OWN_VERSION = "own"
LANGUAGE = "language"  # the value that every template is given
_VERSION = re.compile(r"\A\{# version (\d+) #\}")


class TemplateFault(ValueError):
    """A template, or a file beside it, cannot be used; the text says which file, where in it, and why. A line for each fault."""


class Templates:
    """The files of one stage, as they were when they were first read."""

    def __init__(self, folder: Path, *own: Path, language: str = "") -> None:
        """Nothing is read yet.

        Args:
            folder: The stage's folder.
            own: Folders whose files replace those of the same name, the first that has one; they may be missing.
            language: Tag of the language that texts are asked for in; empty where none is said.
        """
        self.folder = folder
        self.own = tuple(folder for folder in own if folder.is_dir())
        self.language = language
        self._texts: dict[str, str] = {}
        self._compiled: dict[str, CodeType] = {}

    def place(self, file_name: str) -> Path:
        """The file that counts: one's own where there is one."""
        return next((own / file_name for own in self.own if (own / file_name).exists()), self.folder / file_name)

    def is_own(self, file_name: str) -> bool:
        """Tell whether a file is replaced by one of one's own."""
        return self.place(file_name).parent in self.own

    def read(self, file_name: str) -> str:
        """A file's text as it stands there.

        Raises:
            TemplateFault: it cannot be read.
        """
        if file_name not in self._texts:
            path = self.place(file_name)
            try:
                self._texts[file_name] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise TemplateFault(f"{path}: cannot be read: {error}") from error
        return self._texts[file_name]

    def text(self, name: str) -> str:
        """A template's text, by its name without the ending, such as `system`."""
        return self.read(f"{name}{ENDING}")

    def version(self, *names: str) -> str:
        """Join the versions of several templates, such as `1.3` for a system template 1 and a user template 3.

        Args:
            names: The templates' names, in the order in which their versions are written. One's own may go without.

        Raises:
            TemplateFault: A template of a stage's own folder does not begin with a line like `{# version 1 #}`.
        """
        versions = []
        for name in names:
            found = _VERSION.match(self.text(name))
            if found is None and not self.is_own(f"{name}{ENDING}"):
                raise TemplateFault(f"{self.place(name + ENDING)} must begin with a line like {{# version 1 #}}.")
            versions.append(found[1] if found else OWN_VERSION)
        return ".".join(versions)

    def render(self, name: str, **values: object) -> str:
        """Fill in a template.

        Args:
            name: The template's name.
            values: What the template may use, beside the language. Text in it is never taken for a template itself.

        Raises:
            TemplateFault: The template uses a value that is not given, or does what it may not; with the line.
        """
        from jinja2 import Template

        try:
            template = Template.from_code(_environment(), self._code(name), dict(_environment().globals))
            return template.render({LANGUAGE: language_name(self.language) if self.language else ""} | values).strip()
        except TemplateFault:
            raise
        except Exception as error:  # a template can raise anything: divide by zero, call what is no function
            raise TemplateFault(f"{self._where(name, _line_in(error, self.place(name + ENDING)))}: {error}") from error

    def check(self, name: str, *, known: Collection[str], needed: Collection[str] = ()) -> list[str]:
        """Find what is wrong with a template of one's own, before anything is filled in; nothing is said of those in the stage's folder.

        Args:
            name: The template's name.
            known: Names of the values that it is given.
            needed: Those without which all nodes would have the same request.
        """
        if not self.is_own(f"{name}{ENDING}"):
            return []
        from jinja2 import TemplateSyntaxError

        try:
            self._code(name)
        except TemplateFault as fault:
            return [str(fault)]
        except TemplateSyntaxError as error:
            return [f"{self._where(name, error.lineno)}: {error.message}"]
        return list(self._names_at_fault(name, [*known, LANGUAGE], needed))

    def demand(self, *, system: Collection[str], user: Collection[str], needed: Collection[str]) -> None:
        """Refuse templates of one's own that cannot be used.

        Args:
            system: Names of the values that `system` is given.
            user: Names of those that `user` is given.
            needed: Those of `user` without which all nodes would have the same request.

        Raises:
            TemplateFault: One of them cannot be used; the text says all that is wrong with both.
        """
        if faults := [*self.check("system", known=system), *self.check("user", known=user, needed=needed)]:
            raise TemplateFault("\n".join(faults))

    def says_language(self, file_names: Iterable[str]) -> bool:
        """Tell whether one of these files, as they count, speaks of the language itself."""
        from jinja2 import meta

        used = (self.read(name) for name in file_names if name.endswith(ENDING) and self.place(name).is_file())
        return any(LANGUAGE in meta.find_undeclared_variables(_environment().parse(text)) for text in used)

    def _names_at_fault(self, name: str, known: Collection[str], needed: Collection[str]) -> Iterator[str]:
        from jinja2 import meta, nodes

        tree = _environment().parse(self.text(name))
        for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
            yield f"{self._where(name, node.lineno)}: a template stands alone; put the text of the other file into it"
        used = meta.find_undeclared_variables(tree)
        lines = {node.name: node.lineno for node in reversed(list(tree.find_all(nodes.Name)))}
        for unknown in sorted(used - set(known) - set(_environment().globals), key=lambda name: (lines.get(name, 0), name)):
            near = get_close_matches(unknown, list(known), n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            yield f"{self._where(name, lines.get(unknown))}: there is no value {unknown} ({hint}known here: {', '.join(known) or 'none'})"
        for missing in sorted(set(needed) - used):
            yield f"{self._where(name, None)}: {{{{ {missing} }}}} is not used, so that every node would get the same request"

    def _code(self, name: str) -> CodeType:
        if name not in self._compiled:
            self._compiled[name] = _environment().compile(self.text(name), filename=str(self.place(name + ENDING)))
        return self._compiled[name]

    def _where(self, name: str, line: int | None) -> str:
        return f"{self.place(name + ENDING)}{f', line {line}' if line else ''}"

    @cached_property
    def own_files(self) -> tuple[str, ...]:
        """Names of the files in the folder of one's own; notes (.md) and hidden files are nobody's business."""
        names = {path.name for own in self.own for path in own.iterdir() if not path.name.startswith((".", "_")) and path.suffix != ".md"}
        return tuple(sorted(names))


def _line_in(error: BaseException, path: Path) -> int | None:
    """The last line of a template that an error passed through."""
    if (line := getattr(error, "lineno", None)) is not None:
        return int(line)
    found, trace = None, error.__traceback__
    while trace is not None:
        found = trace.tb_lineno if trace.tb_frame.f_code.co_filename == str(path) else found
        trace = trace.tb_next
    return found


@cache
def _environment() -> SandboxedEnvironment:
    import jinja2  # not at the top: commands that build no request do without it
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    options: dict[str, Any] = {"undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    made = ImmutableSandboxedEnvironment(autoescape=False, **options)  # prompts are plain text
    made.filters.pop("random")  # the same node has to get the same request
    made.globals.pop("lipsum")
    return made
