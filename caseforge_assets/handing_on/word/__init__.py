"""Writers of Word documents: how they look, what they have in common, a document, a book, a portfolio."""
