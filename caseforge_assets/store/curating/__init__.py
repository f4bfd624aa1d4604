"""What people make of use cases: decisions, comments, portfolios. What is decided of them together stands in `commands/curating`."""
