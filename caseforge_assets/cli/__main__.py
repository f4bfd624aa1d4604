"""`python -m caseforge_assets.cli` is the `caseforge` script."""

from caseforge_assets.cli import main

main()
