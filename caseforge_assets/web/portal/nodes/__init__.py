"""Pages of a node: what was made for it, its versions, editing, asking, files. The pages of frameworks are listed here in the order of their addresses."""
