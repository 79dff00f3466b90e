"""What people put around a question that asks nothing: greetings, thanks, signatures, notes; and near misses that ask about them.

``SEEN`` may be looked at and mended for. ``UNSEEN`` are the same kinds in other words, written before the guard was mended for ``SEEN``:
nobody who writes a rule or a list looks at which of them is missed. ``ASKED_ABOUT`` are near misses in which the greeting is the question.
"""

# A table of words: its lines are as long as they must be.
# ruff: noqa: E501

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from benchmarks.families import SLOTS, Change, Family, any_of, rewrites, swaps

_PROSE = (
    "How does a <job> in <city> explain <topic> to people who never heard of it?",
    "Why would a <animal> refuse <food> after <n> days in a new home?",
    "My <thing> broke after <n> weeks and the <job> said that it cannot be repaired. What are my options?",
    "Write a short story about a <job> named <name> who finds a <thing> near <city>.",
    "Compare <topic> with <topic2> and say which of them matters more for <city>.",
    "I asked the assistant how many <animal>s fit into a <thing>, and it answered <n>. Is that plausible?",
)


def around(before: Sequence[str], after: Sequence[str]) -> Change:
    """Something in front of the text, behind it, or both; on its own line as often as not."""

    def change(text: str, chance: Random) -> str | None:
        where = chance.choice("ab" if before and after else "a" if before else "b") if chance.random() < 0.7 else "ab"
        if "a" in where and before:
            text = chance.choice(before) + chance.choice((" ", "\n", "\n\n")) + text
        if "b" in where and after:
            text = text + chance.choice((" ", "\n", "\n\n")) + chance.choice(after)
        return text

    return change


def _inside(text: str, chance: Random, ways: Sequence[str]) -> str | None:
    """One plain long word in one of the ways, as ``**{}**``."""
    words = list(re.finditer(r"(?<![\w\\{}_^'`/.$*-])[a-z]{5,}(?![\w'`/(={}*_-])", text)) if "```" not in text and "\\" not in text else []
    if not words:
        return None
    match = chance.choice(words)
    return text[: match.start()] + chance.choice(ways).format(match.group()) + text[match.end() :]


def emphasis(text: str, chance: Random) -> str | None:
    """One word in bold, italics or both."""
    return _inside(text, chance, ("**{}**", "*{}*", "_{}_", "__{}__", "***{}***", "<b>{}</b>", "<em>{}</em>"))


def typography(text: str, chance: Random) -> str | None:
    """Other white space, dashes and quotation marks, as an editor or a phone puts them."""
    ways = (
        lambda t: t.replace(" ", "\u00a0", 3),
        lambda t: t.replace(". ", ".  ").replace("? ", "?  ").replace(", ", ",  "),
        lambda t: re.sub(r"(?<=\w)([?!])", "\u202f\\1", t),
        lambda t: t.replace("\n", "  \n") if "\n" in t else f"\t{t}  \n",
        lambda t: f"\u201c{t}\u201d",
        lambda t: f"\u00ab\u00a0{t}\u00a0\u00bb",
        lambda t: t.replace("'", "\u2019"),
        lambda t: t.rstrip("."),
        lambda t: t[:1].lower() + t[1:],
    )
    return chance.choice(ways)(text)


def please(text: str, chance: Random) -> str | None:
    """A "please" in front of a request or behind it."""
    if not re.match(r"(?:Write|Compare|Explain|Describe|List|Find|Solve|Give|Name|Show|Prove)\b", text) or "\n" in text:
        return None
    small = text[0].lower() + text[1:]
    polite = (f"Please {small}", f"please {small}", f"Could you please {small}", f"Pls {small}", f"Kindly {small}", f"Can you {small}")
    return chance.choice((*polite, re.sub(r"\.?$", ", please.", text, count=1)))


def reply(text: str, chance: Random) -> str | None:
    """The text as somebody quotes it: behind marks, under a line that says who wrote it."""
    name, n = chance.choice(SLOTS["name"]), chance.randint(1, 28)
    line = chance.choice(
        (f"{name} wrote:", f"On {n} May 2024, {name} wrote:", f"@{name.lower()} said:", f"{name} asked:", f"On Mon, Mar {n}, 2024 at 9:12 AM {name} wrote:",
         "Original post:", f"Quoting {name}:")
    )  # fmt: skip
    return f"{line}\n\n" + re.sub(r"(?m)^", "> ", text)


_NAMES = ("Anna", "Tom\u00e1s", "Priya", "Kofi", "Mei", "Ivan", "J.", "Dr. Maria Lopez", "a confused student")
_EDITS = (
    "EDIT: typo", "Edit: fixed a typo", "Edit: spelling", "EDIT: formatting", "edit: grammar", "Edit: thanks for all the answers!", "(edited)",
    "Edit 2: fixed typos", "EDIT - fixed formatting", "[Edit: typo in title]", "*Edit: spelling*", "Edit: typos.",
)  # fmt: skip
_SIGNED = tuple(
    sign + name
    for name in _NAMES
    for sign in ("-- \n", "--\n", "Cheers,\n", "Best,\n", "Regards,\n", "Best regards,\n", "Thanks,\n", "Kind regards, ", "- ", "Thanks, ")
)
_DEVICES = ("Sent from my iPhone", "Sent from my Android phone", "Sent from my mobile device", "Get Outlook for iOS")

SEEN = (
    Family("greeting", around(
        ("Hi,", "Hi all,", "Hey folks,", "Hello everyone!", "hey guys", "Good morning everybody,", "Hi there!", "Hello!", "Dear all,", "Hey Reddit,",
         "Hi, I hope this is the right place to ask.", "Hello, first time poster here.", "Greetings!", "Hi friends :)", "Hey :)", "Hi team,", "Sup,",
         "Hello, new here.", "Hello dear community,", "Hi @everyone,"), ()), _PROSE),
    Family("thanks", around((),
        ("Thanks in advance!", "Thanks!", "Thank you.", "Any help appreciated.", "Any help would be greatly appreciated!", "cheers", "Cheers!", "TIA",
         "Thanks a lot in advance for your help.", "Many thanks", "thx", "Thanks for any help you can give me.", "Thank you all so much!!", "ty <3",
         "Would appreciate any help.", "Thanks for reading!", "Looking forward to your answers.", "I'd be very grateful for any pointers.",
         "Any input is welcome.", "Help would be appreciated.", "Hope somebody can help me.", "Have a nice weekend everyone!")), _PROSE),
    Family("smiley", around((), (":)", ":-)", ";)", ":D", "\U0001f642", "\U0001f64f", "xD", "\U0001f605\U0001f605", ":P", "=)", ":-D", "^^", "<3", "lol", "haha",
                                 "\U0001f62d", ":')", "\U0001f44d\U0001f3fd")), _PROSE),
    Family("signature", around((), (*_SIGNED, *_DEVICES)), _PROSE),
    Family("edit_note", around((), _EDITS), _PROSE),
    Family("quoted_reply", reply, _PROSE),
    Family("please", please, (_PROSE[3], _PROSE[4], "Explain how a <job> repairs a <thing>.", "List <n> uses of a <thing> for a <job> in <city>.")),
    Family("emphasis", emphasis, _PROSE),
    Family("typography", typography, _PROSE),
    Family("manners_de", around(("Hallo zusammen,", "Hallo,", "Hi Leute!", "Guten Tag,", "Moin,", "Guten Morgen liebe Community,", "Servus zusammen!", "Liebes Forum,"),
        ("Vielen Dank im Voraus!", "Danke schon mal!", "Danke.", "LG", "Viele Gr\u00fc\u00dfe", "Danke f\u00fcr eure Hilfe!", "Mit freundlichen Gr\u00fc\u00dfen\nAnna", "Gru\u00df, Ivan")), (
        "Warum frisst mein <animal> in <city> nach <n> Tagen kein Brot mehr?", "Wie erkl\u00e4rt man einem Kind in <city>, was Inflation bedeutet?"), real=False),
    Family("manners_fr", around(("Bonjour,", "Bonjour \u00e0 tous,", "Salut tout le monde !", "Bonsoir,", "Coucou,", "Hello \u00e0 tous,"),
        ("Merci d'avance !", "Merci beaucoup.", "Merci pour votre aide.", "Cordialement,", "Bonne journ\u00e9e \u00e0 tous", "Merci d'avance pour vos r\u00e9ponses.", "Cdlt")), (
        "Pourquoi mon chien ne mange plus depuis <n> jours \u00e0 <city> ?", "Comment expliquer l'inflation \u00e0 un enfant de <city> ?"), real=False),
    Family("manners_es", around(("Hola,", "Hola a todos,", "Buenas tardes,", "\u00a1Hola!", "Buenos d\u00edas a todos:", "Hola amigos,", "Buenas,"),
        ("Gracias de antemano.", "\u00a1Muchas gracias!", "Gracias por su ayuda.", "Saludos", "Un saludo", "Agradezco cualquier ayuda.", "Gracias por adelantado")), (
        "\u00bfPor qu\u00e9 mi perro no come desde hace <n> d\u00edas en <city>?", "\u00bfC\u00f3mo se explica la inflaci\u00f3n a un ni\u00f1o de <city>?"), real=False),
    Family("manners_pt_it", around(("Ol\u00e1,", "Ol\u00e1 pessoal,", "Oi gente,", "Bom dia a todos,", "Boa noite!"),
        ("Obrigado!", "Muito obrigado desde j\u00e1.", "Agrade\u00e7o desde j\u00e1.", "Abra\u00e7o", "Valeu!", "Obrigado pela ajuda.")), (
        "Por que o meu cachorro n\u00e3o come h\u00e1 <n> dias em <city>?", "Como explicar a infla\u00e7\u00e3o para uma crian\u00e7a de <city>?"), real=False),
    Family("manners_pl_nl", around(("Hoi allemaal,", "Hallo,", "Goedemiddag,", "Beste mensen,", "Goedenavond allemaal,"),
        ("Alvast bedankt!", "Bedankt.", "Groetjes", "Met vriendelijke groet,\nAnna", "Dank je wel!", "Alle hulp is welkom.")), (
        "Waarom eet mijn hond al <n> dagen niet in <city>?", "Hoe leg je inflatie uit aan een kind in <city>?"), real=False),
    Family("manners_ru", around(("\u041f\u0440\u0438\u0432\u0435\u0442!", "\u0412\u0441\u0435\u043c \u043f\u0440\u0438\u0432\u0435\u0442,", "\u0417\u0434\u0440\u0430\u0432\u0441\u0442\u0432\u0443\u0439\u0442\u0435,", "\u0414\u043e\u0431\u0440\u044b\u0439 \u0432\u0435\u0447\u0435\u0440!"),
        ("\u0421\u043f\u0430\u0441\u0438\u0431\u043e!", "\u0417\u0430\u0440\u0430\u043d\u0435\u0435 \u0441\u043f\u0430\u0441\u0438\u0431\u043e.", "\u0411\u0443\u0434\u0443 \u0431\u043b\u0430\u0433\u043e\u0434\u0430\u0440\u0435\u043d \u0437\u0430 \u043f\u043e\u043c\u043e\u0449\u044c.", "\u0411\u043e\u043b\u044c\u0448\u043e\u0435 \u0441\u043f\u0430\u0441\u0438\u0431\u043e \u0432\u0441\u0435\u043c")), (
        "\u041f\u043e\u0447\u0435\u043c\u0443 \u043c\u043e\u044f \u0441\u043e\u0431\u0430\u043a\u0430 \u043d\u0435 \u0435\u0441\u0442 \u0443\u0436\u0435 <n> \u0434\u043d\u0435\u0439?", "\u041a\u0430\u043a \u043e\u0431\u044a\u044f\u0441\u043d\u0438\u0442\u044c \u0440\u0435\u0431\u0451\u043d\u043a\u0443, \u0447\u0442\u043e \u0442\u0430\u043a\u043e\u0435 \u0438\u043d\u0444\u043b\u044f\u0446\u0438\u044f?"), real=False),
    Family("manners_zh_ja", around(("\u4f60\u597d\uff0c", "\u5927\u5bb6\u597d\uff01", "\u60a8\u597d\u3002"), ("\u8c22\u8c22\uff01", "\u591a\u8c22\u3002", "\u975e\u5e38\u611f\u8c22\uff01", "\u8c22\u8c22\u5927\u5bb6")), (
        "\u4e3a\u4ec0\u4e48\u6211\u7684\u72d7<n>\u5929\u4e0d\u5403\u4e1c\u897f\uff1f", "\u600e\u4e48\u5411\u5b69\u5b50\u89e3\u91ca\u901a\u8d27\u81a8\u80c0\uff1f"), real=False),
)  # fmt: skip

UNSEEN = (
    Family("unseen_greeting", around(
        ("Hey y'all,", "Hello fellow tinkerers,", "Hi everybody!", "Morning all,", "Hello again everyone,", "Hey, long-time reader, first-time poster.",
         "Hi, sorry if this was asked before.", "Hello world!", "Heyo!", "Good day to you all.", "Hi ladies and gents,", "Hello kind strangers,"), ()), _PROSE),
    Family("unseen_thanks", around((),
        ("Thank you very much in advance for your time and help!", "Appreciate the help!", "Thanks for your patience.", "Any thoughts are welcome.",
         "Thanks, all.", "All suggestions welcome!", "I appreciate any advice you have.", "Thanks again for everything.", "Many thanks for any hints.",
         "Grateful for any help.", "Tysm!!", "Any pointers would be great.", "Please help me, thanks.", "Have a great one!")), _PROSE),
    Family("unseen_note", around((), ("EDIT: fixed spelling mistakes", "Edit: a word", "edit - wording", "Edited: punctuation", "Edit: formatted code", "Sent from my iPad",
        "Sent from my Galaxy", "Yours,\nHenrik", "Cheers\nLeila", "Love, Chloe", "\u2014 Oscar", "All the best,\nYuki", "Warmly,\nNadia", "\U0001f60a", ":-P", ";-)", ":]", "\U0001f91e", "XD")), _PROSE),
    Family("unseen_manners", around(("Guten Abend allerseits,", "Hallo Forum,", "Gr\u00fc\u00df Gott,"), ("Herzlichen Dank!", "Besten Dank im Voraus", "Sch\u00f6ne Gr\u00fc\u00dfe aus Wien", "Danke euch allen!", "Ich freue mich \u00fcber jede Hilfe.")), (
        "Warum frisst mein Hund nach <n> Tagen in <city> kein Brot mehr?",), real=False),
    Family("unseen_manners_2", around(("Salut les gens,", "Bonsoir tout le monde,"), ("Je vous remercie d'avance.", "Un grand merci !", "Bien \u00e0 vous", "Merci de vos conseils.")), (
        "Pourquoi mon chien ne mange plus depuis <n> jours \u00e0 <city> ?",), real=False),
    Family("unseen_manners_3", around(("Muy buenas a todos,", "Saludos,"), ("Mil gracias.", "Se agradece la ayuda.", "Much\u00edsimas gracias a todos", "Un abrazo")), (
        "\u00bfPor qu\u00e9 mi perro no come desde hace <n> d\u00edas en <city>?",), real=False),
)  # fmt: skip

_PHRASES = "thanks in advance|many thanks|thank you so much|any help appreciated|best regards|cheers|have a nice day|sorry for my English"
_HELLOS = "hi|hello|good morning|good evening|hey folks|dear all|greetings|hello everyone"
_ANY = swaps(_PHRASES, _HELLOS)


def _left_out(text: str, chance: Random) -> str | None:
    """The phrase that is asked about is missing."""
    phrase = re.search(rf"(?i)\s*['\"]?\b(?:{_HELLOS}|{_PHRASES})\b['\"]?[.!?]?\s*", text)
    return None if phrase is None else (text[: phrase.start()] + " " + text[phrase.end() :]).strip()


ASKED_ABOUT = (
    Family("greeting_asked_about", any_of(_ANY), (
        "Translate into French: hello everyone", "Translate the next line into German.\n\nMany thanks", "How do you say good morning in Polish?",
        "Is it polite to write cheers to a <job>?", "Good morning", "Say hi to my friends", "What does 'thanks in advance' imply in <city>?",
        "Which is more formal, best regards?", "Reply to this message from <name>:\nThank you so much", "Hello everyone. How would a pirate say that?",
        "Rewrite this in the style of a <job>.\n\nHey folks", "Correct the grammar of this sentence.\nAny help appreciated",
        "Is this rude?\n\nSorry for my English", "Write a letter to <name> that begins with dear all", "\u00dcbersetze das ins Englische.\nHello",
        "Continue this dialogue.\n<name>: Good evening", "Traduis en anglais.\n\nMany thanks", "Classify the sentiment.\nThank you so much",
        "Good evening. Which time of day does this greeting belong to?", "Many thanks\n\nIs the sentence above complete?",
    ), real=False),
    Family("greeting_dropped", _left_out, (
        "Say hi to my friends", "Why do people in <city> write 'thanks in advance' to a <job>?", "Make <name> say good morning to the <animal>",
        "Translate: many thanks, <name>", "How do you answer hello in <city>?", "Write hello on the <thing> of <name>",
        "Does cheers mean goodbye in <city>?", "Draw a <animal> that says have a nice day",
    ), real=False),
    Family("name_at_the_end", rewrites((r"(?<=, )[A-Z]\w+(?=\W*$)", lambda m, c: c.choice([n for n in SLOTS["name"] if n != m.group()])),
                                       (r"(?<=\n)[A-Z]\w+$", lambda m, c: c.choice([n for n in SLOTS["name"] if n != m.group()]))), (
        "Which of them is a <job>: <name>, <name2>, <name3>", "Who should write the letter about the <thing>?\n<name>\n<name2>", "What would you say to me, <name>",
        "Which is the capital?\n<city>\n<city2>", "Complete the signature of the <job>.\nBest regards,\n<name>",
    ), real=False),
    Family("edit_asked_about", rewrites((r"(?<=\n)(?:Edit|EDIT): (?:typo|no \w+ in it|only with a \w+|not \w+)", ""), (r"(?<=\n)Sent from my \w+", "Sent from my submarine")), (
        "What should I cook for a <job>?\nEdit: no <food> in it", "How do I get to <city>?\nEDIT: only with a <animal>", "Can a <thing> be repaired?\nEDIT: not mine",
        "Complete the joke.\nSent from my <thing>",
    ), real=False),
)  # fmt: skip
