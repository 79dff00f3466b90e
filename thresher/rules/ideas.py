"""By what ideas a program solves its problem: those of the problem's own tags that the program's structure shows.

A judge's tags say by which ideas a problem can be solved, not which of them one program uses. Structure shows some: who sorts calls a
sort, who searches by halves computes a middle. Tags that no structure shows (``greedy``, ``implementation``, ``constructive algorithms``)
never count. So two programs solve a problem in different ways where each shows an idea of its tags that the other does not.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from thresher.programs import code_alone

_CALLS: Final = {
    "sortings": r"\b(?:sorted|stable_sort|nth_element|sort|qsort|OrderBy|sort_by|sortBy|sort_unstable)\s*[(<{!]|\.sort\b|\bsort\s*\(",
    "binary search": r"\b(?:lower_bound|upper_bound|binary_search|binarySearch|bisect\w*|partition_point)\b"
    r"|\b(?:mid|middle|md|m)\s*(?::?=)\s*[^;\n]{0,40}(?:/\s*2|//\s*2|>>\s*1|div\s+2)",
    "data structures": r"\b(?:priority_queue|heapq|heappush|PriorityQueue|BinaryHeap|multiset|TreeMap|TreeSet|BTreeMap|BTreeSet|SortedDict"
    r"|SortedSet|SortedList)\b|\bset\s*<|\bmap\s*<|\w\s*&\s*\(?\s*-\s*\w|<<\s*1\s*\|\s*1",
    "hashing": r"\b(?:unordered_map|unordered_set|HashMap|HashSet|gp_hash_table)\b",
    "dsu": r"\b(?:par|parent|fa|father|root|p|f|uf|dsu)\s*\[\s*\w+\s*\]\s*=\s*(?:find|get|getf|root|leader|fnd|find_set)\s*\(",
    "dp": r"\b(?:dp|memo)\w{0,2}\b\s*[\[(=]|\b(?:lru_cache|functools\.cache)\b",
    "bitmasks": r"\b1(?:LL|ll|L|u|ULL)?\s*<<\s*\w",
    "dfs and similar": r"\b(?:dfs|bfs|DFS|BFS)\w{0,6}\s*\(",
    "shortest paths": r"\b(?:dijkstra|Dijkstra|bellman\w*|floyd\w*|spfa|SPFA)\b",
    "number theory": r"\b(?:__gcd|gcd|lcm|sieve|is_?prime|phi|totient|powmod|modpow|mod_pow|binpow|qpow|inverse)\b",
    "matrices": r"\b(?:Matrix|matrix|mat|matmul|mat_mul)\s*[({<]",
    "string suffix structures": r"\b(?:suffix_array|SuffixArray|SuffixAutomaton|z_function|prefix_function|kmp|KMP)\b",
}
"""What of a program shows the idea of a tag; in its code alone, so that no word of a comment or a text counts."""
_PATTERNS: Final = {tag: re.compile(pattern) for tag, pattern in _CALLS.items()}
_LOOP: Final = re.compile(r"\b(?:for|while|repeat|foreach|forEach|until)\b")
_BRUTE_LOOPS: Final = 3
"""Loops from which a program without any other idea tries things out; one goes through the cases, one reads."""


@lru_cache(maxsize=4096)
def ideas_of(program: str, language: str, tags: tuple[str, ...]) -> tuple[str, ...]:
    """The tags whose idea the structure of the program shows, sorted."""
    code = code_alone(program, language)
    shown = {tag for tag in tags if tag in _PATTERNS and _PATTERNS[tag].search(code)}
    loops = len(_LOOP.findall(code))
    if "math" in tags and code and not shown and loops <= 1:
        shown.add("math")  # a formula, for each case
    if "brute force" in tags and not shown and loops >= _BRUTE_LOOPS:
        shown.add("brute force")
    return tuple(sorted(shown))


def differ(ours: Collection[str], theirs: Collection[str]) -> bool:
    """Whether each of two programs rests on an idea that the other does without."""
    return bool(set(ours) - set(theirs)) and bool(set(theirs) - set(ours))
