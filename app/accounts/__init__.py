"""Who you are: accounts, browser sessions, API tokens."""
