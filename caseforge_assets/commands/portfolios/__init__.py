"""Named collections of use cases: made, changed, shown, sent out as a sheet and taken back. Each change is one transaction, audited and told. What is decided of one use case is `curating`."""
