"""Organizers' pages, under /competitions/{slug}/organize: forms over the same functions as the API's doors."""
