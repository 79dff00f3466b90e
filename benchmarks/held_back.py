"""Near misses that are held back: no rule, word list, threshold or training set may be made by looking at them.

See ``benchmarks.families``. Whoever writes the guard or the scorer does not read this file; whoever mends a rule because of a family in it
takes that family out, and puts in one of another kind.
"""

# A table of words: its lines are as long as they must be.
# ruff: noqa: E501, RUF001

from __future__ import annotations

import re
from random import Random

from benchmarks.families import SLOTS, Change, Family, any_of, rewrites, swaps

CODE = re.compile(
    r"```|\bdef \w+\(|\bfunction \w*\(|\bfor \(|#include|\bSELECT \b.*\bFROM\b|\breturn\b.*[;(]|\bprint\(|console\.log|\bclass \w+[:({]"
)
MATH = re.compile(r"\\\(.+?\\\)|\\\[.+?\\\]|\$[^$\n]+\$", re.DOTALL)


def in_code(change: Change) -> Change:
    """Only where the text looks like a program."""
    return lambda text, chance: change(text, chance) if CODE.search(text) else None


def in_math(change: Change) -> Change:
    """Inside one formula of the text."""

    def inside(text: str, chance: Random) -> str | None:
        found = list(MATH.finditer(text))
        chance.shuffle(found)
        for match in found:
            changed = change(match.group(), chance)
            if changed is not None:
                return text[: match.start()] + changed + text[match.end() :]
        return None

    return inside


def bumped(match: re.Match[str], chance: Random) -> str:
    """A number made one or two larger."""
    return str(int(match.group()) + chance.choice((1, 2)))


def moved_point(match: re.Match[str], chance: Random) -> str:
    """A decimal point moved by one place."""
    whole, part = match.group(1), match.group(2)
    if chance.random() < 0.5 and len(whole) > 1:
        return f"{whole[:-1]}.{whole[-1]}{part}"
    return f"{(whole + part[0]).lstrip('0') or '0'}.{part[1:] or '0'}"


def other_bracket(text: str, chance: Random) -> str | None:
    """One finite end of an interval becomes open, or closed."""
    ends = re.compile(r"([\[(])(\s*[^\s()\[\],;{}]{1,12},\s*[^\s()\[\],;{}]{1,12}\s*)([\])])")
    found = []
    for match in ends.finditer(text):
        mixed = (match.group(1) == "[") != (match.group(3) == "]")
        if mixed or "infty" in match.group(2) or match.group(1) == "[" or re.search(r"interval|domain", text):
            left, right = match.group(2).split(",", 1)
            if "infty" not in left:
                found.append((match.start(1), "(" if match.group(1) == "[" else "["))
            if "infty" not in right:
                found.append((match.start(3), ")" if match.group(3) == "]" else "]"))
    if not found:
        return None
    at, new = chance.choice(found)
    return text[:at] + new + text[at + 1 :]


_PARTICIPLES = "invited|called|hired|praised|followed|blamed|paid|taught|rescued|betrayed|recognised|examined|photographed|replaced"
_PATH_WORDS = "cache|users|backup|config|tmp|logs|hosts|images|report|keys|drafts|main|archive|export"
_NUMERALS = "I|II|III|IV|V|VI|VII|VIII|IX|X"


def other_path(match: re.Match[str], chance: Random) -> str:
    """The last part of a path, or its extension, becomes another."""
    stem, last, extension = match.group(1), match.group(2), match.group(3) or ""
    if extension and chance.random() < 0.4:
        return stem + last + chance.choice([e for e in (".json", ".yaml", ".txt", ".csv", ".py", ".bak") if e != extension])
    return stem + chance.choice([w for w in _PATH_WORDS.split("|") if w != last]) + extension


def without_negation(text: str, chance: Random) -> str | None:
    """The negation of a sentence in another language is taken out."""
    del chance
    rules = (
        (r"\b(?:ne |n')(\w+) pas\b", r"\1"), (r" nicht\b", ""), (r"\bkein(e[nr]?)?\b", r"ein\1"), (r"(?<=\s)no (?=[a-zé])", ""), (r"(?<=\s)non ", ""),
        (r"(?<=\s)не ", ""), (r"(?<=\s)não ", ""), (r"(?<=\s)nie (?=\w)", ""), ("不", ""), ("没有", "有"), ("しない", "する"), (r" niet\b", ""),
    )  # fmt: skip
    for pattern, new in rules:
        changed = re.sub(pattern, new, text, count=1)
        if changed != text:
            return changed
    return None


def _one_letter(match: re.Match[str], chance: Random) -> str:
    return match.group(1) + chance.choice([c for c in "abcdeghlmnoprst" if c != match.group(2).lower()]) + match.group(3)


def _quoted(match: re.Match[str], chance: Random) -> str:
    return match.group(1) + chance.choice([w for w in SLOTS["word"] if w != match.group(2)]) + match.group(3)


def exchanged_option(text: str, chance: Random) -> str | None:
    """One of the options A) to D) says something else."""
    found = list(re.finditer(r"(?m)(?<=\b[A-D]\) )[^\n)]+?(?= [A-D]\)|$)", text))
    if len(found) < 3:
        return None
    match = chance.choice(found)
    for words in ("food", "animal", "thing", "city", "job"):
        if match.group() in SLOTS[words]:
            new = chance.choice([w for w in SLOTS[words] if w not in text])
            return text[: match.start()] + new + text[match.end() :]
    return None


_PROGRAMMING = "Python|Java|JavaScript|C++|Rust|Ruby|Kotlin|Haskell|TypeScript|PHP|Perl|Scala|C#"
_TONGUES = "French|Spanish|German|Italian|Portuguese|Japanese|Korean|Arabic|Hindi|Turkish|Polish|Swedish|Dutch|Greek|Russian|Chinese"
_COUNTED = (
    r"(?:reasons|examples|ways|tips|steps|sentences|paragraphs|ideas|questions|names|titles|bullet points|facts|suggestions|recipes|lines|stanzas|verses|options"
    r"|arguments|benefits|methods|books|words|slogans|headlines)"
)
_COUNTS = ("two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty", "2|3|4|5|6|7|8|10|12|15|20|50|100|200|500")

HELD_BACK = (
    # -- relations between things
    Family("comparative", swaps(
        "more than|less than", "greater|smaller", "larger|smaller", "higher|lower", "faster|slower", "longer|shorter", "older|younger",
        "heavier|lighter", "warmer|colder", "stronger|weaker", "cheaper|dearer", "thicker|thinner", "deeper|shallower", before=r"(?:^|[^\w])(?<!or )", after=r"(?!(?: than)?,? (?:or|and)\b)"), (
        "Which animals are faster than a <animal> but live in <city>?", "Is a <thing> heavier than a <thing2> on average?",
        "List a <job>'s costs that are higher in <city> than in <city2>.", "Name a building in <city> older than the one in <city2>.",
    )),
    Family("before_after", swaps("before|after", "earlier|later", before=r"(?:^|[^\w])(?<!look )(?<!day )(?<!year )(?<!ever )(?<!name )(?<!take )",
                                 after=r"(?! all\b)(?:[^\w]|$)"), (
        "What should a <job> do before eating <food>?", "Which events in <city> happened after the <animal> escaped?",
        "Should I feed the <animal> before or while I clean the <thing>?", "Who ruled <city> after <name> died?",
    )),
    Family("superlative", swaps(
        "largest|smallest", "best|worst", "highest|lowest", "longest|shortest", "oldest|youngest|newest", "strongest|weakest",
        "cheapest|most expensive", "maximum|minimum", "fastest|slowest", "heaviest|lightest", "deepest|shallowest"), (
        "What is the largest <animal> ever seen near <city>?", "Which <job> in <city> has the shortest day?", "Who was the youngest <job> of <city>?",
        "What is the cheapest <thing> that <name> can buy in <city>?",
    )),
    Family("cause_effect", swaps(
        "causes of|effects of|treatments for", "advantages|disadvantages", "benefits of|risks of",
        "strengths|weaknesses", "similarities|differences", "symptoms|complications", "arguments for|arguments against",
        before=r"\b(?:the|are|list|describe|explain|its|their|potential|name|any|three|two|some|important|main) "), (
        "What are the causes of <topic> in <city>?", "List the advantages of <topic> for a <job>.", "Describe the benefits of a <thing> for a <job>.",
        "Explain the similarities between <topic> and <topic2>.",
    ), real=False),
    Family("voice", rewrites((rf"\b([A-Z]\w+) ({_PARTICIPLES}) ([A-Z]\w+)\b", r"\1 was \2 by \3")), (
        "<name> hired <name2> in <city>. Who earns the money?", "<name> betrayed <name2> over a <thing>. Who should be sorry?",
        "Yesterday <name> rescued <name2> from a <animal>. Who was in danger?", "<name> taught <name2> about <topic>. Who is the <job>?",
    )),
    Family("pronoun", swaps("he|she", "his|her", "my|your|our|their"), (
        "<name> told <name2> that she had lost the <thing>. Who lost it?", "Is it legal in <city> to sell my <animal>?",
        "The <job> gave <name> his <thing>. Whose is it now?", "How should I tell a <job> that our <thing> is broken?",
    ), real=False),
    Family("kinship", swaps("mother|father|sister|brother|aunt|uncle|daughter|son|grandmother|cousin|niece|nephew", before=r"\b(?:my|your|his|her) "), (
        "What present suits my uncle, a <job> from <city>?", "My sister inherited a <thing> in <city>. What does the law say?",
        "Write a birthday speech for her father, who loves <topic>.",
    )),
    Family("audience", swaps("a five-year-old|an expert|a beginner|a physicist|a lawyer|a teenager|my grandmother", before=r"\b(?:to|for) "), (
        "Explain <topic> to a five-year-old.", "Describe a <thing> to an expert.", "Write a page on <topic> for a teenager in <city>.",
    )),
    Family("persona", swaps("doctor|lawyer|pirate|teacher|journalist|chef|historian|therapist|poet|tour guide|recruiter|salesman",
                            before=r"(?:[Aa]ct as|[Yy]ou are|[Aa]s) an? (?:\w+ )?"), (
        "You are a pirate. Tell <name> about <topic>.", "Act as a historian and describe a <thing> in <city>.", "As a chef, what do you think of <food>?",
    )),
    # -- sense of the request
    Family("question_word", swaps("when|where", "why|how", before=r"(?:^|[.?!]\s)", after=r" (?:did|does|do|is|are|was|were|should) (?!you\b|they\b)"), (
        "When did the <job> of <city> build the <thing>?", "Where is the <animal> of <name> buried?", "Why does a <animal> eat <food>?",
        "How should <name> sell a <thing> in <city>?",
    ), real=False),
    Family("tense", any_of(swaps("will|did", before=r"\b(?:[Ww]ho|[Ww]hat|[Ww]hen|[Ww]here|[Ww]hy) ", case=True),
                           swaps("has been|will be", "was|will be", before=r"\b(?:[Ww]hat|[Ww]here|[Ww]hen|[Ww]ho|that|it) ")), (
        "When will <name> sell the <thing>?", "What was the price of <food> in <city>?", "Who did <name> meet in <city> about <topic>?",
    ), real=False),
    Family("modality", swaps("must|may", "should I|may I", "necessary|sufficient", "required|optional|forbidden",
                             "guaranteed|unlikely", after=r"(?! \d)"), (
        "Must a <job> in <city> own a <thing>?", "Is a <thing> required when a <job> travels to <city>?", "Should I tell <name> about the <animal>?",
        "Is a letter from a <job> necessary to enter <city> with a <animal>?",
    ), real=False),
    Family("quantifier", swaps(
        "all of the|some of the|none of the|most of the", "at least|at most|exactly", "for all|for some", "find all|find some", "always|sometimes|rarely",
        "many|few", "every|almost every", before=r"(?:^|[^\w])(?<!first )(?<!the )(?<!how )(?<!How )(?<!so )(?<!too )(?<!a )(?<!as )"), (
        "Do all of the <animal>s in <city> eat <food>?", "Which <job>s own at least one <thing>?", "Does a <animal> always sleep near <food>?",
        "Prove that every <job> in <city> needs a <thing>.",
    )),
    Family("connective", any_of(swaps("if and only if|only if", "although|because"),
                                rewrites((r"(?<=divisible by \d) and (?=\d)", " or "), (r"\bneither (.+?) nor\b", r"either \1 or"),)), (
        "Which numbers below <n> are divisible by 3 and 7?", "Is neither <name> nor <name2> a <job> in <city>?",
        "Why did <name> stay in <city> although the <animal> was ill?", "A <job> buys a <thing> only if it rains in <city>. It rains. Does <name>, who is one, buy it?",
    ), real=False),
    Family("conditional", swaps("unless|if", "despite|because of", "union|intersection", "conjunction|disjunction"), (
        "Does a <job> pay for the <thing> unless it breaks?", "Why is <city> popular despite <topic>?", "What happens if <name> feeds <food> to a <animal>?",
    ), real=False),
    Family("task_verb", swaps(
        "summarize|translate|rewrite|expand", "prove|disprove", "encode|decode", "encrypt|decrypt", "differentiate|integrate", "maximize|minimize",
        "simplify|expand", "compress|decompress", "buy|sell", "praise|criticise", "add|subtract", "factor|graph",
        "ascending|descending", "increasing|decreasing", "clockwise|anticlockwise", before=r"(?:^|[.:!?]\s+|\bto |\band |\bin |\bis )"), (
        "Summarize what <name> wrote about <topic>.", "What is the best place to buy a <thing> in <city>?", "Praise the <food> that <name> made for the <job>.",
        "Sort the <job>s of <city> in ascending order of age.",
    )),
    Family("preposition", any_of(
        swaps("inside|outside", "underneath|on top of", "towards|away from", "to the left of|to the right of", "upstream|downstream",
              "upstairs|downstairs", "onshore|offshore", "indoors|outdoors"),
        rewrites((r"\bwithout (?=a |an |the |any )", "with "))), (
        "How do I repair a <thing> without a <thing2>?", "Is <food> safe inside a <thing>?", "What lies to the left of the <thing> in <city>?",
        "Why does the <animal> of <name> sleep underneath the <thing>?",
    )),
    Family("by_or_to", swaps("by|to", before=r"\b(?:increased|decreased|rose|fell|reduced|grew|dropped|raised|cut|lowered) ",
                             after=r" \$?\d"), (
        "The price of <food> in <city> rose by <n> percent. Explain what that means.", "A <job>'s pay was cut to <n> coins. Is that fair?",
        "The weight of the <animal> dropped by <n> kg. What now?",
    )),
    Family("colour_or_side", swaps("red|blue|green|yellow|black|purple|orange", "northern|southern|eastern|western", "north|south|east|west",
                                   "left|right", before=r"\b(?:the|a|an|of|with|in|on|to|my|which|facing|due|is|are|any|two|three) ", after=r"(?! (?:juice|ace|card|king|queen|suit|circular|hole|holes|angle|angles|triangle|triangles|pole)\b)", case=True), (
        "What does a red <animal> stand for in <city>?", "Is the <thing> on the left older?", "Which part of northern <city> should a <job> avoid?",
        "Draw the <thing> with yellow stripes for <name>.",
    )),
    Family("technical_opposite", swaps(
        "illegal|legal", "irreversible|reversible", "inorganic|organic", "nonlinear|linear", "nonrenewable|renewable",
        "even number|odd number", "even function|odd function", "hypertension|hypotension", "hyperthyroidism|hypothyroidism",
        "hypoglycemia|hyperglycemia", "exothermic|endothermic", "convex|concave", "anode|cathode", "arteries|veins", "mitosis|meiosis",
        "prokaryotic|eukaryotic", "kinetic energy|potential energy", "asynchronous|synchronous", "imports|exports", "inputs|outputs",
        "horizontal|vertical", "sympathetic|parasympathetic", "anterior|posterior", "proximal|distal", "domain|range", "numerator|denominator",
        "perimeter|area", "sine|cosine", "concave up|concave down", "protons|neutrons|electrons",
        "afferent|efferent", "superior|inferior", "axial|appendicular", "agonist|antagonist", "endocrine|exocrine", "arithmetic|geometric"), (
        "Is it legal to keep a <animal> in <city>?", "Explain mitosis to a <job>.", "Write down what <name> should know about hypertension and <food>.",
        "Is the reaction of <food> exothermic, as the <job> in <city> says?",
    )),
    # -- amounts
    Family("unit", rewrites(*((
        r"(?<=\d)((?:\s|~|\\ |\\,|\\text\{\s*|-)+)(" + units + r")(?![\w/^]|\}*\^)",
        (lambda members: lambda m, chance: m[1] + chance.choice([u for u in members if u != m[2]]))(units.split("|")))
        for units in ("km|miles|m|cm|mm|ft|feet|inches|yards", "kg|mg|g|lb|tonnes", "km/h|m/s|mph", "minutes|hours|seconds|days|weeks", "°C|°F|K",
                      "mL|L|litres|gallons", "kW|MW|W", "kV|mV|V", "kHz|MHz|Hz|GHz", "MB|GB|TB|KB", "MPa|kPa|Pa", "kJ|J|MJ", "months|years", "mA|A")
    )), (
        "How long does a <animal> take for <n> km?", "Is <n> °C too warm for a <thing>?", "A <job> carries <n> kg of <food> for <n2> minutes. How much is that?",
        "Can <name> store <n> GB on a <thing>?",
    )),
    Family("currency", any_of(
        swaps("dollars|euros|yen|rupees|francs", "USD|EUR|GBP|JPY|INR", case=True),
        lambda text, chance: rewrites((r"\$(?=\d)", lambda _, c: c.choice("€£¥")))(text, chance)
        if text.count("$") == len(re.findall(r"(?<!\\)\$\d[\d,.]*(?![\d,.]*[\w\\^_{+*=-])", text)) else None), (
        "Is $<n> a fair price for a <thing> in <city>?", "<name> owes a <job> <n> euros. Write a reminder.", "What can I buy for <n> USD in <city>, apart from <food>?",
    )),
    Family("percent", rewrites((r"(?<=\d)\s?(?:%|percent)(?! points?)", " percentage points"), (r"(?<=\d) percentage points", "%")), (
        "The tax in <city> rose by <n>%. What does a <job> pay?", "A share of <n> percent fell by <n2> percent. What is left for <name>?",
    ), real=False),
    Family("scale_word", swaps("million|billion|trillion", before=r"(?:\d|\b(?:one|two|three|five|ten|a|half a)) "), (
        "How many years does a <job> need to earn <n> million?", "Could <n> billion <animal>s live in <city>?", "What weighs a <thing> made of two billion atoms, <name> asks.",
    )),
    Family("decimal_point", rewrites((r"(?<![\d.,/:])(\d{1,3})\.(\d{1,3})(?![\d.%])", moved_point)), (
        "A <animal> weighs <n>.<n2> kg. How much <food> may it eat?", "What is <n>.<n2> times <n3>?", "Convert <n>.<n2> hours of <topic> lectures to minutes.",
    )),
    Family("asked_count", any_of(
        swaps(*_COUNTS, before=r"(?:\b(?:[Gg]ive|[Ll]ist|[Ww]rite|[Nn]ame|[Ss]uggest|[Pp]rovide|[Mm]ake|[Gg]enerate|in|[Tt]ell|me|us|[Cc]reate|[Tt]hink of|[Tt]he|[Tt]op|of|with|least|most) )",
              after=rf"(?: \w+)?[ -]{_COUNTED}\b")), (
        "Give me three reasons why <topic> matters.", "List five tips for a <job> in <city>.", "Write ten questions about <topic> for <name>.",
        "Suggest 4 names for a <animal>.",
    )),
    Family("ordinal", swaps("the first|the second|the third|the fourth|the fifth|the sixth|the tenth",
        after=r"(?! \\)(?! (?:\w+ )?(?:two|three|four|five|six|seven|eight|ten|\d+|few|and|messengers?|terms|time|one|quadrant)\b)"), (
        "Who was the second <job> of <city>?", "What does the third law of <topic> say?", "Why did the fourth <animal> leave <city>?",
    )),
    Family("roman_numeral", any_of(swaps("World War I|World War II", case=True), swaps(_NUMERALS, case=True, before=r"\b(?:Henry|Louis|Part|Chapter|Type|Phase|Stage|Elizabeth|Book|Act|Volume|Article|Grade|Class|Title|Richard|Edward|Charles|George) ")), (
        "What did Henry IV think of <food>?", "Summarise Chapter II of the book on <topic>.", "Is a Type I <thing> allowed in <city>?", "Who paid for World War I in <city>?",
    )),
    Family("date", any_of(
        swaps("January|February|April|June|July|August|September|October|November|December", "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday", case=True),
        swaps("spring|summer|autumn|winter", before=r"\b(?:in|last|next|this|during) ")), (
        "What is open in <city> on Sunday for a <job>?", "How much <food> was sold in April in <city>?", "Plan a trip to <city> in winter with a <animal>.",
        "What happened to the <thing> last autumn, <name> asks.",
    )),
    Family("time_of_day", rewrites(
        (r"(?i)(?<=\d)( ?)(am|pm|a\.m\.|p\.m\.)(?!\w)", lambda m, c: m[1] + ("pm" if m[2].lower().startswith("a") else "am")),
        (r"\b(EST|PST|CET|GMT|IST|JST)\b", lambda m, c: c.choice([z for z in ("EST", "PST", "CET", "GMT", "IST", "JST") if z != m[1]])),
        (r"\bUTC([+-]\d)", lambda m, c: f"UTC{'-' if m[1][0] == '+' else '+'}{m[1][1]}")), (
        "The <job> in <city> opens at 7 am. When should <name> leave?", "What time is 9:30 GMT for a <job> in <city>?", "Is 6 pm UTC+3 too late for <food> in <city>?",
        "<name> calls at <n>:00 PST. What time is it in <city>?",
    )),
    # -- form that is demanded
    Family("target_language", swaps(_TONGUES, case=True, before=r"\b(?:in|into|to|from|speak|learn) ", after=r"(?! (?:press|toast|[A-Z]))"), (
        "Translate into French: the <animal> ate the <food>.", "How does one say <thing> in Polish?", "Write to <name> in Korean about <topic>.",
    )),
    Family("programming_language", swaps(_PROGRAMMING, case=True, edge=r"\w+#",
                                         after=r"(?= (?:script|function|code|program|class|method|snippet|library)\b|[.:?,]|$| that| to )"), (
        "Write a Python function that sorts <thing>s by <var>.", "How do I read <var> from a file in Java?", "Show a Rust program that prints <word>.",
    )),
    Family("output_format", any_of(swaps("JSON|YAML|CSV|XML|Markdown", "a table|a bulleted list|a single paragraph|a flow chart", "bullet points|full sentences|key words",
                                         before=r"\b(?:as|in|into|to|valid|use) "), swaps(
        "poem|essay|short story|limerick|haiku|sonnet|press release|dialogue", "in one sentence|in one paragraph|in one word", "formal|casual|sarcastic",
        "an email|a letter|a tweet|a blog post", "British English|American English", "upper case|lower case")), (
        "List the <food>s of <city> as JSON.", "Write a haiku about a <animal> and <topic>.", "Answer <name> in one sentence: what is <topic>?",
        "Write a tweet in which a <job> sells a <thing>.",
    )),
    Family("option_exchanged", exchanged_option, (
        "Which of these is eaten in <city>? A) <food> B) <food2> C) <food3> D) <food4>",
        "Which one cannot swim?\nA) <animal>\nB) <animal2>\nC) <animal3>\nD) <animal4>",
        "Who is paid most in <city>?\nA) <job>\nB) <job2>\nC) <job3>\nD) <job4>",
    )),
    # -- formulas, code and names of things
    Family("sign", any_of(in_math(rewrites((r"(?<=[=(,{])(\s?)-(\s?)(?=\d)", r"\1\2"), (r"(?<=[\w)}])(\s?)\+(\s?)(?=[\w\\(])", r"\1-\2"))),
                          rewrites((r"(?<=[a-z²³)] )\+(?= \d)", "-"), (r"(?<=\s)-(?=\d)", ""))), (
        "Solve <let>² + <n><let> = <n2>.", "It is -<n> degrees in <city>. Which clothes does a <job> need?", "Where is \\(<let> = -<n><let>^2 + <n2>\\) zero?",
    )),
    Family("exponent", any_of(
        in_math(rewrites((r"(?<=\^\{)[2-9](?=\})", bumped), (r"(?<=\^)[2-9](?!\d)", bumped), (r"(?<=\^\{)-(?=\d)", ""))),
        rewrites(("²", "³"), ("³", "²"), (r"(?<=[a-z]\^)[2-9]\b", bumped))), (
        "Differentiate \\(<n><let>^{2} + <n2>\\).", "How many m² has the <thing> of <name> in <city>, at <n> by <n2> m?", "Plot $<let>^3 - <n><let>$ and mark its zeros.",
        "Simplify <let>^4 / <let>^2 for <name>.",
    )),
    Family("relation", in_math(rewrites(
        (r"<|\\lt\b", ">"), (r">|\\gt\b", "<"), (r"\\leq?\b", r"\\ge"), (r"\\geq?\b", r"\\le"), (r"\\subset\b", r"\\supset"), (r"\\cup\b", r"\\cap"),
        (r"\\cap\b", r"\\cup"), (r"\\to 0\b", r"\\to \\infty"), (r"\\neq?\b", "="), (r"\\in\b", r"\\notin "), (r"\\exists\b", r"\\forall"), (r"\\forall\b", r"\\exists"))), (
        "For which <let> is \\(<n><let> + <n2> < <n3>\\)?", "Describe the set \\(A \\cup B\\) for the <job>s of <city> and owners of a <thing>.",
        "Find $\\lim_{<let> \\to 0} <let>^<n> \\sin <n2><let>$.", "Show that $<n><let> \\geq <n2>$ has solutions.",
    )),
    Family("math_function", any_of(in_math(any_of(swaps("sin|cos|tan", "log|ln", "sinh|cosh", "arcsin|arccos", "max|min", "sec|csc", edge="a-zA-Z", after=r"(?!_)", case=True),
                                                  rewrites((r"\\sqrt\{", r"\\sqrt[3]{"), (r"\\sum\b", r"\\prod"), (r"\\times\b(?! ?10\b)", r"\\div"), (r"\\div\b", r"\\times")))),
                                   swaps("sin|cos|tan", "log|ln", after=r"\(")), (
        "Integrate \\(\\sin(<n><let>)\\) over <let>.", "What is the period of tan(<n><let>)?", "Evaluate $\\sqrt{<n>} \\times <n2>$.", "Solve \\(\\log(<let>) = <n>\\).",
    )),
    Family("fraction", in_math(rewrites((r"\\frac\{([^{}]{1,12})\}\{([^{}]{1,12})\}", lambda m, c: rf"\frac{{{m[2]}}}{{{m[1]}}}"))), (
        "Which is larger, \\(\\frac{<n>}{<n2>}\\) or \\(<n3>\\)?", "Simplify $\\frac{<n><let>}{<n2>}$ for a <job>.", "Differentiate \\(\\frac{<n>}{<let>}\\).",
    )),
    Family("subscript", in_math(rewrites((r"(?<=_)\d(?!\d)", bumped), (r"(?<=_\{)\d(?=\})", bumped))), (
        "Given \\(a_1 = <n>\\) and \\(a_{n+1} = a_{n} + <n2>\\), find \\(a_5\\).", "What does $x_0$ mean when <name> measures <n> m?", "Is \\(R_{2}\\) larger than <n> ohm in the <thing>?",
    )),
    Family("interval", any_of(lambda t, c: None if "window" in t else in_math(other_bracket)(t, c), lambda t, c: other_bracket(t, c) if "interval" in t and "\\" not in t else None), (
        "How many integers lie in the interval [<n>, <n2>]?", "Find the maximum of the function of <name> on the interval (0, <n>].",
        "Write \\([<n>, \\infty)\\) as an inequality in <let>.",
    )),
    Family("chemical", swaps(
        "CO2|CO", "H2O|H2O2", "NaCl|KCl|NaBr", "H2SO4|H2SO3", "HNO3|HNO2", "Fe2O3|FeO", "CH4|C2H6|C3H8", "NH3|N2H4", "O2|O3", "NO2|N2O", "CaCO3|CaO|MgCO3",
        "FeCl2|FeCl3", "CO₂|CO", "H₂O|H₂O₂", "SO₂|SO₃", "HCl|HBr", "CuSO4|CuS", "Fe2+|Fe3+", "methanol|ethanol", "methane|ethane|propane", "nitrate|nitrite",
        "sulfate|sulfite", "chlorate|chloride", case=True), (
        "How much CO2 does a <job> in <city> make in <n> days?", "What happens to a <thing> in H2SO4?", "Is methanol in <food> dangerous for a <animal>?",
        "Balance the reaction of Fe2O3 with <n> g of coal.", "How much nitrate is in the <food> of <city>?",
    )),
    Family("version", rewrites(
        (r"\b((?:Python|Java|PostgreSQL|Postgres|Ubuntu|iOS|Android|Windows|macOS|Node|Django|React|Angular|CUDA|PHP|Swift|Unity|Bootstrap|C\+\+)[- ]?v?(?:\d+\.)*)(\d+)\b(?!\.\d)",
         lambda m, c: m[1] + str(int(m[2]) + c.choice((1, 2)))),
        (r"\bv(\d+)\.(\d+)\b", lambda m, c: f"v{m[1]}.{int(m[2]) + 1}")), (
        "How do I install Python 3.<n> on a <thing>?", "Does Ubuntu <n> run on the <thing> of a <job>?", "What broke in v2.<n> of the <word> library?",
        "Convert <var> from C++17 to plain C.",
    )),
    Family("path", rewrites((r"(?<![\w:/])((?:~|\.)?/(?:[\w-]+/)*[\w-]*?/?)([\w-]{3,})(\.[a-z]{2,5})?(?![\w/.])", other_path)), (
        "What is kept in /etc/<word>/config.yaml?", "Delete ./<var>/cache/users.json without asking <name>.", "Why does ~/<var>/main.py not find <word>?",
    ), real=False),
    Family("address", rewrites((r"(?<=https://)[a-z]+(?=\.example)", lambda m, c: c.choice([w for w in SLOTS["var"] if w != m[0]])),
                               (r"(?<=\.example/)[a-z]+", lambda m, c: c.choice([w for w in SLOTS["word"] if w != m[0]]))), (
        "Is https://<var>.example/<word> a safe place to buy a <thing>?", "Summarise https://<var>.example/<word2> for a <job>.",
    ), real=False),
    Family("identifier", rewrites((r"\b([A-Z]{2,5}-?\d{0,3})(\d)\b", lambda m, c: m[1] + c.choice([d for d in "123456789" if d != m[2]]))), (
        "What does the gene BRCA1 do to a <animal>?", "Is flight LH4<n> from <city> late?", "A <thing> shows error ERR<n>. What should <name> do?",
        "Which airport near <city> uses runway RW0<n>?",
    ), real=False),
    Family("letter", rewrites((r"(\bletter ['\"]?)([a-z])(['\"]?[ ?.,])", _one_letter), (r"(\b(?:starts?|ends?|begins?|starting|ending|beginning) with ['\"]?)([a-z])(['\"]?[ ?.,])", _one_letter),
                               (r"(\bhow many ['\"]?)([a-z])(['\"]?s are )", _one_letter)), (
        "How often does the letter r occur in <word>?", "Name a <job>'s tool that starts with b.", "Which cities like <city> end with 'a'?",
    )),
    Family("quoted_word", rewrites((r"(['\"])([a-z]{4,12})(['\"])", _quoted)), (
        "How many vowels are in '<word>'?", "Spell \"<word>\" backwards for <name>.", "Is '<word>' a good password for a <job>?", "Use \"<word>\" in a sentence about <topic>.",
    ), real=False),
    Family("code_operator", in_code(rewrites(
        *((rf"(?<=[\w)\]] ){re.escape(old)}(?= [\w(\"'-])", re.escape(new).replace("\\", "") if "|" not in new else new) for old, new in (
            ("<=", "<"), (">=", ">"), ("==", "!="), ("!=", "=="), ("<", "<="), (">", ">="), ("+=", "-="), ("&&", "||"), ("||", "&&"), ("//", "/"), ("%", "//"))),
        (r"(?<=\w) and (?=\w+ (?:[<>=]|in\b))", " or "))), (
        "What does this print?\nprint(<n> // <n2>)", "Why is this wrong?\ndef check(<var>):\n    return <var> > <n>", "Explain: `for (let i = 0; i < <var>; i++) { <var2> += i }`",
        "def <var>(a, b):\n    if a == b:\n        return <n>\nWhat does it return for a <thing>?",
    )),
    Family("code_name", in_code(any_of(
        swaps("max|min|sum", "sorted|reversed", "append|remove|insert", "push|pop|shift", "floor|ceil", "upper|lower", "encode|decode", "startswith|endswith", "keys|values|items",
              "toUpperCase|toLowerCase", "any|all", "extend|append", case=True, after=r"\("),
        swaps("ASC|DESC", "INNER JOIN|LEFT JOIN", "WHERE|HAVING", "COUNT|SUM|AVG", "MAX|MIN", "UNION|INTERSECT", "True|False", "break|continue", "public|private", "true|false", case=True),
        rewrites((r"(?<=return )(total|items|price|index|buffer|count|rows|token|width|score)\b(?!\()", lambda m, c: c.choice([v for v in SLOTS["var"] if v != m[1]]))))), (
        "What does print(max(<var>, <n>)) show?", "def <var>(<var2>):\n    return sorted(<var2>)[:<n>]\nIs it fast?", "SELECT <var> FROM <word> ORDER BY <var2> DESC -- what is listed first?",
        "def f(<var>):\n    while True:\n        if <var> > <n>: break\nDoes it end?",
    )),
    Family("code_bound", in_code(rewrites(
        (r"\brange\((\w+)\)", r"range(1, \1)"), (r"\brange\(1, ", "range(0, "), (r"\brange\(0, (\w+)\)", r"range(0, \1 + 1)"), (r"\[0\]", "[1]"), (r"\[-1\]", "[-2]"), (r"\[i\]", "[i + 1]"),
        (r"\[1:\]", "[:-1]"), (r"\b(i|j) = 0;", r"\1 = 1;"), (r"\bn - 1\b", "n"), (r"\b([ij])\+\+", r"\1--"))), (
        "def f(<var>):\n    for i in range(<n>):\n        <var>.append(i)\nWhat is the last item?", "What is printed by print(<var>[-1]) after <var> = '<word>'?",
        "Explain `for (let i = 0; i < <n>; i++) console.log(<var>[i])` to a <job>.", "def last(<var>):\n    return <var>[0] + <n>\nWhere is the mistake?",
    )),
    # -- other languages
    Family("other_language_negation", without_negation, (
        "Pourquoi <name> ne mange pas de <food> ?", "Warum darf <name> in <city> nicht über <topic> sprechen?", "Welche Tiere haben keine Angst vor <name> in <city>?",
        "¿Por qué <name> no come <food> en <city>?", "Почему <name> не живёт в <city>?", "为什么<name>不去<city>?", "Perché <name> non vende il <thing>?", "Por que <name> não mora em <city>?",
        "Waarom eet <name> niet in <city>?", "<name>が<city>で勉強しない理由は何ですか。", "<city>为什么没有<animal>?",
    ), real=False),
    Family("other_language_number", swaps(
        "zwei|drei|vier|fünf|sechs|acht|zwölf", "deux|trois|quatre|cinq|sept|huit|douze", "dos|tres|cuatro|cinco|siete|ocho|doce", "due|tre|quattro|cinque|sette|otto",
        "два|три|четыре|пять|семь|восемь", "dwa|trzy|cztery|pięć", "dois|três|quatro|oito", edge=r"\w"), (
        "Nenne drei Gründe, warum <name> nach <city> zieht.", "Donne cinq exemples de <topic> à <name>.", "¿Cómo viaja <name> a <city> en cuatro días?", "Назови три причины поехать в <city> с <name>.",
        "Scrivi sette frasi su <city> per <name>.", "Podaj cztery powody, dla których <name> lubi <city>.",
    ), real=False),
    Family("other_language_word", any_of(swaps(
        "größte|kleinste|älteste", "vor|nach", "mehr|weniger", "avant|après", "plus|moins", "mayor|menor", "antes|después", "больше|меньше", "до|после", "prima|dopo", "il più grande|il più piccolo"),
        rewrites(("最大", "最小"), ("以前", "以后"), ("増加", "減少"), ("左", "右"), ("长", "短"))), (
        "Was ist das größte Gebäude in <city>, fragt <name>.", "Que faire avant un voyage à <city> avec <name> ?", "¿Qué hizo <name> antes de llegar a <city>?", "Где платят больше, в <city> или в <city2>?",
        "<city>最大的公园叫什么?<name>想知道。", "<city>の人口が増加した理由を<name>に説明してください。", "Wer kommt nach <name> in <city> an die Reihe?", "Chi è arrivato prima a <city>, <name>?",
    ), real=False),
)  # fmt: skip
