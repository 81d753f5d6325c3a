"""`make bench`: how fast Palmares is, as ratios against a named rival measured beside it in the same run.

Decision: absolute seconds say more about the machine than about us, so nothing is asserted about them and every table
holds both sides. docs/performance.md is written by a whole run and never by hand.
"""
