"""Who is calling, and whether they may: tokens, sessions, sign-in, and what protects browsers. What roles allow is decided in `access`."""
