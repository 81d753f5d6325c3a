"""Palmares: the competition server that scores the choice and the reason."""

__version__ = "0.1.0"
