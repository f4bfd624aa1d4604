"""The HTTP side: endpoints, their checks, and what every response has in common."""
