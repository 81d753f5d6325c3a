"""The API that CodaBench's clients know, in front of ours: translation only. See docs/codabench.md."""
