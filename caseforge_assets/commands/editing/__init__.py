"""What people write comes back: documents, use cases, exported pages and workbooks that were changed. What they decide without changing a content is `curating`."""
