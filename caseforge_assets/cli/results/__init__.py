"""Commands on what was made: show, export, edit, import, quality, stale, report. Deciding on use cases is `curating`."""
