"""The local Batch API server, over HTTP with the real SDK; its writer and lifecycle also directly."""
