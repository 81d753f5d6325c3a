"""The pages: server-rendered HTML over the same functions as the API; this room decides nothing itself."""
