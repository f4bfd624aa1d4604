"""From the files of a finished batch to what each answer comes to: lines, their bodies, outcomes, and whether the files are whole. What goes out, and the states between, stand outside."""
