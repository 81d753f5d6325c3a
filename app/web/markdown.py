"""Organizers' Markdown as safe HTML.

Decision: two independent locks. markdown-it renders no raw HTML at all, and nh3 (ammonia) cleans what it made; a fault
in either one alone lets no script through.
"""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
_reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").enable("strikethrough")
# The page's own title is its h1 and a section's title its h2, so headings of the text begin below them.
_SHIFT = 2


@lru_cache(maxsize=256)
def to_html(text: str) -> Markup:
    """Markdown as HTML without scripts, styles, images or raw HTML; headings start at h3."""
    tokens = _reader.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + _SHIFT)}"
    html = _reader.renderer.render(tokens, _reader.options, {})
    clean = nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener noreferrer nofollow"
    )
    # A wide table scrolls by itself, by keyboard too.
    clean = clean.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
    return Markup(clean)  # noqa: S704  (cleaned above)
