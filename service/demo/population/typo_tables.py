"""Tables behind the errors: keys side by side, sounds alike, short forms."""

from __future__ import annotations

_AZERTY = ("azertyuiop", "qsdfghjklm", "wxcvbn")
NEAR = {
    letter: row[max(i - 1, 0) : i] + row[i + 1 : i + 2]
    for row in _AZERTY
    for i, letter in enumerate(row)
}
SOUNDS = (
    ("ph", "f"),
    ("eaux", "aud"),
    ("eau", "ot"),
    ("ault", "aud"),
    ("aud", "ault"),
    ("ault", "o"),
    ("ck", "k"),
    ("qu", "k"),
    ("th", "t"),
    ("y", "i"),
    ("ll", "l"),
    ("nn", "n"),
    ("tt", "t"),
    ("ss", "s"),
    ("ç", "ss"),
    ("ain", "in"),
    ("ei", "ai"),
    ("ey", "et"),
    ("er", "é"),
    ("oi", "oy"),
    ("an", "en"),
    ("s", "z"),
    ("c", "k"),
    ("i", "y"),
)
LOOKALIKES = {"rn": "m", "l": "i", "o": "0", "cl": "d", "u": "v", "e": "c"}
SHORT_FORMS = {
    "Alexandre": "Alex",
    "Alexandra": "Alex",
    "Anne": "Annie",
    "Antoine": "Tony",
    "Benjamin": "Ben",
    "Catherine": "Cathy",
    "Christian": "Chris",
    "Christine": "Cricri",
    "Christophe": "Chris",
    "Daniel": "Dany",
    "Élisabeth": "Babeth",
    "Emmanuel": "Manu",
    "Florence": "Flo",
    "Florian": "Flo",
    "Françoise": "Fanfan",
    "Frédéric": "Fred",
    "Grégory": "Greg",
    "Isabelle": "Isa",
    "Jacqueline": "Jackie",
    "Jean-Baptiste": "JB",
    "Jean-Claude": "JC",
    "Jean-Marc": "Jean Marc",
    "Jennifer": "Jenny",
    "Jérôme": "Jé",
    "Laurent": "Lolo",
    "Madeleine": "Mado",
    "Maxime": "Max",
    "Michel": "Mimi",
    "Mohamed": "Momo",
    "Nathalie": "Nath",
    "Nicolas": "Nico",
    "Olivier": "Olive",
    "Patricia": "Pat",
    "Patrick": "Pat",
    "Philippe": "Phil",
    "Sabrina": "Sab",
    "Sandrine": "Sandy",
    "Sébastien": "Seb",
    "Sophie": "Soso",
    "Stéphane": "Steph",
    "Stéphanie": "Steph",
    "Suzanne": "Suzy",
    "Thierry": "Titi",
    "Thomas": "Tom",
    "Valérie": "Val",
    "Véronique": "Véro",
    "Virginie": "Nini",
}
DOMAIN_TYPOS = {
    "gmail.com": ("gmial.com", "gmail.fr", "gamil.com", "gmail.con"),
    "orange.fr": ("orange.com", "ornage.fr"),
    "hotmail.fr": ("hotmail.com", "hotmial.fr", "homail.fr"),
    "hotmail.com": ("hotmail.fr", "hotmal.com"),
    "wanadoo.fr": ("wanado.fr", "orange.fr"),
    "yahoo.fr": ("yahoo.com", "yaho.fr"),
    "free.fr": ("fre.fr", "free.com"),
    "laposte.net": ("laposte.fr", "la-poste.net"),
}
STREET_SHORT = (
    ("avenue ", ("av. ", "av ", "AVE ")),
    ("boulevard ", ("bd ", "bld ", "boul. ")),
    ("rue ", ("r. ", "R ")),
    ("allée ", ("all. ", "allee ")),
    ("chemin ", ("ch. ", "chem ")),
    ("impasse ", ("imp. ", "imp ")),
    ("place ", ("pl. ", "pl ")),
    ("route ", ("rte ", "rte de ")),
    ("résidence ", ("res ", "rés. ")),
    ("Saint-", ("St ", "St-", "SAINT ")),
    ("Général ", ("Gal ", "Gén. ")),
)

OVERSEAS_PREFIXES = frozenset(
    ["0590", "0690", "0596", "0696", "0594", "0694", "0262", "0692", "0269", "0639"]
)
