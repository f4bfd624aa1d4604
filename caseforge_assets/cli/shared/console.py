"""The look of the command line: consoles, amounts of money, JSON. Whatever is printed is safe for a terminal, and without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from shutil import get_terminal_size
from threading import Timer
from typing import Any

import click
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from caseforge_assets.costs.sums import usd as usd
from caseforge_assets.redaction import mask_values, redact
from caseforge_assets.safe_text import json_text, plain_text, show_codes

QUIET_S = 1.0
PIPE_WIDTH = 140  # of tables where there is no terminal, and COLUMNS says nothing

# Commands that a text names: they are pasted, and so are not broken into lines.
_PROGRAM = "caseforge"
_COMMAND = re.compile(rf"`{_PROGRAM} [^`\n]+`|(?<=: ){_PROGRAM}(?: [-\w./*:,'\"]+)+|\({_PROGRAM}(?: [-\w./*:,'\"]+)+\)")
_BOUND = "\ue0f0"  # stands for a blank within a command during the layout; no text has it


class SafeConsole(Console):
    """Shows texts of others as text: what would steer the terminal is shown as its code, before the layout and again after it.

    A command that a text names stands on one line; where it is longer than one, the whole text is left to the terminal to wrap.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        """Prints as `rich.console.Console.print` does."""
        if len(objects) == 1 and isinstance(objects[0], str):
            longest = max((cell_len(command) for command in _COMMAND.findall(objects[0])), default=0)
            options.setdefault("soft_wrap", longest >= self.width or None)
        super().print(*objects, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Any text that is printed or stands in a table's cell."""
        plain = plain_text(redact(text) if self.stderr else mask_values(text))
        return super().render_str(_COMMAND.sub(lambda command: command[0].replace(" ", _BOUND), plain), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Renders all else, such as markdown; the codes that rich itself adds come later."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(show_codes(segment.text).replace(_BOUND, " "), segment.style)


def made_console(*, stderr: bool = False) -> SafeConsole:
    """A console on standard output or standard error; where that is no terminal, as wide as COLUMNS says, or as `PIPE_WIDTH`."""
    # Names, reasons and file names come from outside: [red] or :bug: in them means nothing and must not vanish.
    plain: dict[str, Any] = {"stderr": stderr, "highlight": False, "markup": False, "emoji": False}
    made = SafeConsole(**plain)
    return made if made.is_terminal else SafeConsole(**plain, width=get_terminal_size((PIPE_WIDTH, 0)).columns)


console = made_console()
errors = made_console(stderr=True)


@contextmanager
def busy(doing: str) -> Iterator[None]:
    """Says on a terminal what is being done, and for how long, when it takes more than a moment."""
    if not errors.is_terminal:
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    shown = Progress(SpinnerColumn(), TextColumn(doing), TimeElapsedColumn(), console=errors, transient=True)
    shown.add_task(doing, total=None)
    starter = Timer(QUIET_S, shown.start)
    starter.start()
    try:
        yield
    finally:
        starter.cancel()
        starter.join()
        shown.stop()


def print_json(value: Any) -> None:
    """For scripts: plain JSON on standard output."""
    click.echo(mask_values(json_text(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))))


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)
