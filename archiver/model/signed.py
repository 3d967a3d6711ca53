"""What an archive keeps, though readers' texts come without it: bylines and credits.

Texts that readers call "the content" often lack them, so that a model learns to drop
them. Here they are known by the words they begin with, in many languages.
"""

from __future__ import annotations

import re

#: The longest byline or credit, in words.
MOST_WORDS = 14

_BYLINES = {
    "ar": "بقلم|كتب|كتبت|كتبه",
    "cs": "autor|autorka|napsal|napsala",
    "da": "af|skrevet|opdateret",
    "de": "von|autor|autorin|redaktion|redakteur|text|veröffentlicht|aktualisiert",
    "el": "του|συντάκτης|γράφει",
    "en": "by|author|authors|written|reported|reporting|edited|published|updated|last updated",
    "es": "por|autor|autora|redacción|texto|publicado|actualizado",
    "fr": "par|auteur|autrice|publié|mis à jour|rédigé",
    "he": "מאת|כתב",
    "hi": "द्वारा|लेखक",
    "hu": "írta|szerző",
    "id": "oleh|penulis|editor",
    "it": "di|autore|autrice|testo|pubblicato|aggiornato",
    "ja": "文|著者|執筆|取材",
    "ko": "기자|글",
    "nl": "door|auteur|tekst|geplaatst|gepubliceerd|bijgewerkt",
    "no": "av|skrevet|publisert|oppdatert",
    "pl": "przez|autor|autorka|tekst|opublikowano|aktualizacja",
    "pt": "por|autor|autora|texto|publicado|atualizado",
    "ru": "автор|текст|опубликовано|обновлено",
    "sv": "av|text|skriven|publicerad|uppdaterad",
    "tr": "yazan|haber|yazar|yayınlanma",
    "uk": "автор|від|текст|опубліковано",
    "vi": "bởi|tác giả",
    "zh": "作者|記者|记者|撰文|文",
}
_CREDITS = {
    "": "©|\\(c\\)|afp|dpa|epa|reuters|getty",
    "ar": "صورة|المصدر",
    "cs": "foto|zdroj",
    "da": "foto|kilde",
    "de": "foto|fotos|bild|bilder|bildquelle|bildnachweis|quelle|quellen|video",
    "el": "φωτογραφία|πηγή",
    "en": (
        "photo|photos by|photograph|photography|photographer|image|images|credit"
        "|credits|courtesy|source|sources|video"
    ),
    "es": "foto|fotos|imagen|crédito|cortesía|fuente",
    "fi": "kuva|kuvat|teksti|grafiikka|graafi|lähde",
    "fr": "photo|photos|crédit|crédits|source|vidéo",
    "he": "תמונה|צילום|מקור",
    "hi": "फोटो|स्रोत",
    "hu": "fotó|forrás",
    "id": "foto|sumber",
    "it": "foto|immagine|credito|fonte",
    "ja": "写真|図|出典",
    "ko": "사진|출처",
    "nl": "foto|beeld|bron",
    "no": "foto|kilde",
    "pl": "fot|foto|zdjęcie|źródło|źródła",
    "pt": "foto|imagem|crédito|fonte",
    "ru": "фото|источник",
    "sv": "foto|bild|källa",
    "tr": "fotoğraf|kaynak",
    "uk": "фото|джерело",
    "vi": "ảnh|nguồn",
    "zh": "图|圖|图片|圖片|来源|來源",
}


def _any_of(*tables: dict[str, str]) -> str:
    """The words of all languages, as one pattern that shares their beginnings.

    An alternation of the words tries each at every place: some ten times slower.
    """
    return _sharing({word for table in tables for row in table.values() for word in row.split("|")})


def _sharing(words: set[str]) -> str:
    """A pattern of the words; of two that fit, the shorter is found.

    A backslash and the sign behind it stay together.
    """
    tails: dict[str, set[str]] = {}
    for word in words - {""}:
        size = 2 if word[0] == "\\" else 1
        tails.setdefault(word[:size], set()).add(word[size:])
    branches = "|".join(sign + _sharing(tails[sign]) for sign in sorted(tails))
    if not branches:
        return ""
    return f"(?:{branches})??" if "" in words else f"(?:{branches})"


def _first_words(*tables: dict[str, str]) -> frozenset[str]:
    """The first words of all, in the letters that a line in ASCII may spell them with."""
    words = {word for table in tables for row in table.values() for word in row.split("|")}
    return frozenset(word.replace("ı", "i").split(" ")[0] for word in words)


_STARTS = _any_of(_BYLINES, _CREDITS)
_FIRST = _first_words(_BYLINES, _CREDITS)
_FIRST_WORD = re.compile(r"[^\w©(]*+(\w+)")
_SIGNED = re.compile(rf"[^\w©(]*+(?:{_STARTS})(?!\w)[^\w]*+(\w)?", re.IGNORECASE)

#: A byline may be cut in two: the name stands on the next line.
_ALONE = re.compile(r"\W*(?:by|von|par|por|di|door|av|af)\W*", re.IGNORECASE)

#: A caption with its credit behind it: so many words before "Foto: dpa", "© Ann Lee" or
#: "/ AFP". After ``©`` a year would make it a rights notice.
CAPTION_WORDS = 4, 60
_AGENCIES = "afp|ap|dpa|apa|epa|efe|ansa|reuters|getty|getty images|imago|shutterstock"
_CREDITED = re.compile(
    rf"(?:[\s(\[|/–—-](?:©(?!\s*\d)|\(c\)(?!\s*\d)|(?:{_any_of(_CREDITS)})\s?[:：])\s*\w[^.!?:]{{1,60}}"
    rf"|[/(\[|–—-]\s?(?:{_AGENCIES})\b[^.!?:]{{0,30}})\s*$",
    re.IGNORECASE,
)
#: Without one of these near its end, no line has a credit there.
_CREDIT_SIGN = re.compile(r"[©:：/(\[|–—-]")


def is_signed(line: str) -> bool:
    """Whether a line reads like a byline or a credit: "By Ann Lee", "Foto: dpa".

    One word alone is none ("Video" is a button), but for "By". A caption that ends
    with its credit is one too. Cost: the first and the last words of the line.
    """
    start = line[:200]
    first = _FIRST_WORD.match(start)
    found = None
    # Most lines begin with another word than the names of these: that is found out sooner.
    if first is None or not first[1].isascii() or first[1].lower() in _FIRST:
        found = _SIGNED.match(start)
    if found is None and _CREDIT_SIGN.search(line[-100:]) is None:
        return False
    words = len(line.split())
    if found is None or words > MOST_WORDS:
        least, most = CAPTION_WORDS
        return least < words <= most and _CREDITED.search(line[-100:]) is not None
    return found[1] is not None or _ALONE.fullmatch(start) is not None
