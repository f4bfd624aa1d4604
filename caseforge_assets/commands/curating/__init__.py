"""What people decide of use cases, and what they say to them. Each is one transaction, audited and told. Collections are `portfolios`; what people write into contents is `editing`."""
