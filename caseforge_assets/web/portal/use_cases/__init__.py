"""Pages that lead to use cases, and the page of one: lists and their facets, pictures, ideas, the search."""
