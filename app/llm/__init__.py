"""The optional LLM judge's way out: an OpenAI-compatible endpoint over HTTP. Only what a plan asks for goes there."""
