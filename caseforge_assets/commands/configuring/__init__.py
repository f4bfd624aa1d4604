"""What is written into and checked of a project's configuration, before money is spent. Reading it is `settings`."""
