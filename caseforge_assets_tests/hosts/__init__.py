"""CaseForge on several hosts: network namespaces with addresses of their own, real servers, runs on workers. `make test-hosts` runs it, nothing else does."""
