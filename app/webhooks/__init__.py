"""Webhooks: signed messages to addresses that organizers and participants name, by an outbox in PostgreSQL."""
