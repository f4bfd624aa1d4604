"""The command line: thin commands over `caseforge_assets.commands`; dagster_bridge.py alone brings Dagster in."""

from __future__ import annotations


def main() -> None:
    """Entry of the `caseforge` script."""
    from caseforge_assets.cli.app import caseforge

    caseforge(prog_name="caseforge")


if __name__ == "__main__":
    main()
