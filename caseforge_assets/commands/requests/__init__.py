"""From nodes to requests that may be sent: contexts, bodies, reuse of answers, shortening, retries. When they are sent is decided in `submitting`."""
