"""What a batch comes back with: files read into lines, their bodies, what each comes to, whether the files are whole. What goes out, and the states between, stand outside."""
