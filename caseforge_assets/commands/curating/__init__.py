"""What people decide of use cases: where they stand, who brings them forward, which belong together. Each is one transaction, audited and told. What they write into contents is `editing`."""
