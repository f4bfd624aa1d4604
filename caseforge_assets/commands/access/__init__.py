"""What is decided of accounts, roles and tokens, and who gets in with a password. Who is calling, and what protects browsers, is a shell's matter."""
