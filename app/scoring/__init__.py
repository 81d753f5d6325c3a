"""The scoring core: pure, offline, no database, web, queue or clock; only relative imports (it ships in the light wheel)."""
