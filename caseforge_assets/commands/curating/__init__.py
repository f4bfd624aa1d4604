"""Decisions and comments of people on use cases. Each is one transaction, audited and told. Collections are `portfolios`; what people write into contents is `editing`."""
