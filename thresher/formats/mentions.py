"""Names behind an ``@`` that a site did not make links of: ``@someone`` in their place; all else behind an ``@`` stays as it was written.

A site that links a mention says so in its HTML (``thresher.formats.html``). Imported posts, comments of Stack Exchange and mentions of
people who left hold the bare name. It is a name where somebody of the thread has it, or where people put one to speak to somebody: at the
beginning of a line or sentence, after a greeting or a thank you. ``@2x``, ``@media``, ``@angular/core``, an e-mail address and code stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

_CODE = re.compile(r"(^```.*?(?:^```|\Z)|`[^`\n]+`|https?://\S+)", re.DOTALL | re.MULTILINE)
_AT = re.compile(r"(?<![\w@/.\\])@(?P<name>[^\W\d_](?:[\w-]|\.(?=\w)){1,39})(?![\w(/@=])")
_ADDRESSED = re.compile(
    r"(?:\A|\n)[ \t>*-]*\Z|[.!?:;][\"')]*\s+\Z|\(\s*\Z"
    r"|(?<!\w)(?:hi|hey|hello|dear|hallo|hola|salut|bonjour|thanks|thank you|thx|danke|merci|gracias|cc|ping|sorry|yes|no|well|as|like"
    r"|and|per)[,:]?\s+\Z",
    re.IGNORECASE,
)
"""What stands before a name by which somebody is spoken to."""
_SPOKEN_OF = re.compile(r"(?<!\w)(?:by|to|with|from|what)\s+\Z", re.IGNORECASE)
"""The same of whom others speak, where no code stands beside it: there it is an annotation (``marked with @cache``)."""
_BEFORE = 24
_NO_NAMES = frozenset({
    "after", "aftereach", "all", "author", "autowired", "bean", "before", "beforeeach", "cached", "channel", "charset", "class",
    "classmethod", "component", "configuration", "content", "controller", "data", "dataclass", "decorator", "def", "deprecated",
    "directive", "each", "echo", "else", "end", "entity", "eventlistener", "everyone", "example", "extend", "extends", "fixture",
    "font-face", "for", "foreach", "getmapping", "here", "html", "id", "if", "import", "include", "includes", "inject", "injectable",
    "input", "interface", "keyframes", "layer", "layout", "link", "main", "media", "method", "mixin", "model", "module", "msg", "name",
    "nonnull", "nullable", "observable", "output", "override", "page", "param", "params", "patch", "post", "postmapping", "prefix",
    "private", "property", "public", "py", "query", "ref", "repository", "requestmapping", "responsebody", "rest", "restcontroller",
    "return", "returns", "route", "sealed", "section", "see", "selector", "service", "since", "slot", "someone", "staff", "state",
    "staticmethod", "supports", "suppresswarnings", "synchronized", "tailwind", "template", "test", "throws", "todo", "transactional",
    "type", "types", "use", "user", "value", "var", "version", "view", "viewchild", "warning", "while", "yield",
})  # fmt: skip
"""Words that programs, style sheets and forums themselves put behind an ``@``."""


def hide_names(text: str, names: Set[str] = frozenset()) -> str:
    """The text with ``@someone`` for every name; ``names`` are those of the thread, in lower case."""
    if "@" not in text:
        return text
    code = [m.span() for m in _CODE.finditer(text)]
    in_code = {m["name"].lower() for start, end in code for m in _AT.finditer(text[start:end].strip("`"))}

    def shown(match: re.Match[str]) -> str:
        name = match["name"].lower()
        if name in names and not _within(match.start(), code):
            return "@someone"
        if name in _NO_NAMES or name in in_code or _within(match.start(), code):
            return match.group()
        ahead = text[max(0, match.start() - _BEFORE) : match.start()]
        is_name = _ADDRESSED.search(ahead) or (not code and _SPOKEN_OF.search(ahead))
        return "@someone" if is_name else match.group()

    return _AT.sub(shown, text)


def _within(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)
