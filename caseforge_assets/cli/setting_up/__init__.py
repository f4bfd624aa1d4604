"""Commands that bring a framework or a configuration in, and show what there is. Planning for its nodes is `planning`."""
