"""Pages for people: a module for those that belong together, with its templates. They read what the endpoints read and call the same commands. Signing in is `access`."""
