"""Describes the service: the OpenAPI document, and pages that show it without anything from another host. Each endpoint is described where it stands."""
