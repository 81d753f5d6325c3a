"""The scoring core: pure, offline, only relative imports (it ships in the light wheel)."""
