"""Who may use the service, and who did what: accounts, tokens, the audit log. The service itself is started in `running`."""
