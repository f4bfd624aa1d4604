"""Commands on the use of the service: accounts, tokens, the audit log. The service itself is started in `running`."""
