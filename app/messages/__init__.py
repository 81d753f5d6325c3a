"""Mail to accounts: an outbox in PostgreSQL, what each person wants to get, and the way to the mail server."""
