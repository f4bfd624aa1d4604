"""What a shell such as Dagster is to be shown: where nodes stand, what is out of date, under which versions, and which runs are dead. Showing it is the shell's."""
