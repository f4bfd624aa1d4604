"""Takes back what people write: documents, use cases, exported pages and workbooks that were changed. What they decide without changing a content is `curating`."""
