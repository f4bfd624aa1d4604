"""The portal's pages as files, for people without access: the same pages, asked of the application itself, with what needs a server left out. No page is written here."""
