"""What goes over the wire, whatever it is about: problem documents, pages and their cursors, entity tags, calls that are answered once. No endpoint lives here."""
