"""Pages and parts of pages about decisions: several at once, from a workbook, reviews, specifications, portfolios."""
