"""Parts of all pages: layout, forms that are done once, charts, markdown, files between two pages. No page of its own but static files."""
