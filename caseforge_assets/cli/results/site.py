"""export site: the portal's pages of a framework as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caseforge_assets.cli.shared.console import busy, console
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from caseforge_assets.cli.shared.session import Session

SITE = "site"


def copy_site(session: Session, key: str, folder: Path, *, comments: bool, costs: bool) -> None:
    """Copies the pages, and says how many there are."""
    from caseforge_assets.web.copying.copy_portal import copy_portal
    from caseforge_assets.web.service import Service

    service = Service(session.settings)
    try:
        with busy(f"Copying pages to {folder}"):
            pages = copy_portal(service, key, folder, comments=comments, costs=costs)
    finally:
        service.close()
    left = [what for what, asked in (("what people said", comments), ("costs", costs)) if not asked]
    without = f", without {' and '.join(left)}" if left else ""
    console.print(f"{counted(pages, 'page')} in {folder}{without}. Open {folder / 'index.html'}.", markup=False)
