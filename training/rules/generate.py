"""Write the packs of interface strings: ``python training/rules/generate.py [--check]``.

Takes the translations of open players, consent banners and share buttons, and
the names of icons, and writes ``archiver/rules/builtin/*.generated.toml``. The
same packages give the same bytes. ``--check`` writes nothing and fails where a
pack differs. Needs npm and the network; nothing else here does.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sources import PACKAGES, icons, strings

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from archiver.text.lines import fold  # noqa: E402

BUILTIN = ROOT / "archiver" / "rules" / "builtin"

PLAYERS = ("video.js", "shaka-player", "mediaelement", "bitmovin-player-ui", "media-chrome")

#: What only a player says; a line of it needs no company.
SENTENCES = {
    "video.js": r"You aborted|A network error|The media |No compatible|This is a modal|This modal can|"
    r"Beginning of dialog|End of dialog|Seek to live|restore all settings|Caption Settings Dialog|"
    r"Playing in Picture|Close Modal Dialog",
    "mediaelement": r"mejs\.(?:time|volume)-help-text",
    "shaka-player": r"PIP_WINDOW_ACTIVE",
}

#: The names of a player's own buttons: three of them in a row are a player.
CONTROLS = {
    "video.js": r"(?:Non-|Exit )?Fullscreen|Mute|Unmute|Playback Rate|Audio Track|(?:Exit )?Picture-in-Picture|"
    r"(?:captions|subtitles|descriptions) (?:off|settings)|Current Time|Remaining Time|Stream Type|Replay|"
    r"Play|Pause|Play Video|Subtitles|Captions|Progress Bar|Volume Level|Video Player|Audio Player|Modal Window",
    "shaka-player": r"MUTE|UNMUTE|(?:EXIT_)?FULL_SCREEN|(?:ENTER_|EXIT_)?PICTURE_IN_PICTURE|PLAYBACK_RATE|PLAY|"
    r"PAUSE|REPLAY|CAPTIONS|FAST_FORWARD|REWIND|SKIP_TO_LIVE|SKIP_AD|(?:ENTER|EXIT)_LOOP_MODE|DOWNLOAD_VIDEO_FRAME",
    "mediaelement": r"mejs\.(?:fullscreen|play|pause|unmute|mute|time-slider|volume-slider|video-player|"
    r"audio-player|captions-subtitles|speed-rate|skip-back-.*|jump-forward-.*)",
    "bitmovin-player-ui": r"fullscreen|play|pause|playPause|replay|pictureInPicture|settings\.(?:audio|video)\..*|"
    r"settings\.subtitles|controlBar|player|seekBar|subtitle\.select",
    "media-chrome": r"(?!.*(?:error|Audio$|Quality|Auto|Settings|Loop|Live|Off)).*",
}

#: Strings that are no part of a player's face, or too common to mean one.
NOT_PLAYER = (
    r"mejs\.(?:plural-form|none|live-broadcast|(?!captions|skip|jump|ad-|download|current|duration|speed|video|audio"
    r"|source|time|volume|play|pause|mute|unmute|fullscreen|close).*)|.*(?:NOT_APPLICABLE|MACHINE|UNDETERMINED|UNRECOGNIZED"
    r"|VIDEO_MAIN|ORIGINAL|QUEUE|STATISTICS|AD_)|ads\.adNumber.*|colors\..*bold|settings\.time.*|open|seekBar\.duration.*|vr"
)

CONSENT = ("klaro", "tarteaucitronjs")

CONSENT_SENTENCES = (
    r"description|changeDescription|descriptionEmptyStore|alertBigPrivacy|disclaimer|noCookie|useNoCookie|noServices|"
    r"toggleInfoBox|credit|mandatoryText|closeBanner|adblock|adblock_call|allowAll|denyAll|poweredBy"
)
CONSENT_LABELS = (
    r"acceptAll|acceptSelected|decline|ok|save|allow|deny|personalize|learnMore|alertSmall|all|info|mandatoryTitle|"
    r"privacyUrl|useCookie|useCookieCurrent|close|modalLinkText|title|acceptAlways|source|alertBig|alertBigScroll|alertBigClick"
)

NETWORKS = (
    r"facebook|twitter|linkedin|whatsapp|xing|pinterest|reddit|telegram|threema|tumblr|vk|vkontakte|weibo|flipboard|"
    r"pocket|buffer|diaspora\*?|stumbleupon|qzone|fediverse|페이스북|트위터|フェイスブック|ツイッター|微博|ВКонтакте"
)


def main() -> int:
    """Write the packs, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    parser.add_argument("--packages", type=Path, help="folder to keep the packages in")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.packages or Path(scratch)
        packs = {
            "cookie-consent.generated.toml": consent(folder),
            "icon-ligature.generated.toml": icon_names(folder),
            "player-ui.generated.toml": players(folder),
            "share-bar.generated.toml": share(folder),
        }
    differing = [
        name
        for name, text in packs.items()
        if not (BUILTIN / name).is_file() or (BUILTIN / name).read_text(encoding="utf-8") != text
    ]
    if not asked.check:
        for name in differing:
            (BUILTIN / name).write_text(packs[name], encoding="utf-8")
    print(f"{len(packs)} packs, {len(differing)} differing", file=sys.stderr)
    return 1 if asked.check and differing else 0


def players(folder: Path) -> str:
    """Strings of players: sentences, controls, and what stands beside them."""
    sentences, controls, others = set(), set(), set()
    for package in PLAYERS:
        for key, text in strings(package, folder):
            if re.search(r"[{}<>\[\]]|^\d|^, ", text) or re.fullmatch(NOT_PLAYER, key):
                continue
            if _is(SENTENCES, package, key) and _size(text) > 20:
                sentences.add(text)
            elif _is(CONTROLS, package, key, whole=True):
                controls.add(text)
            else:
                others.add(text)
    rules = [
        {
            "id": "player-ui.spoken",
            "literals": _folded(sentences),
            "why": "A sentence that only a player's own interface says.",
            "removes": [
                "Dies ist ein modales Fenster",
                "No compatible source was found for this media.",
            ],
            "keeps": ["Das Video wurde nicht gefunden.", "This is a window."],
        },
        {
            "id": "player-ui.controls-run",
            "literals": _folded(controls),
            "min_run": 3,
            "why": "The names of a player's buttons, one after the other.",
            "removes": ["Abspielen\nStummschalten\nVollbild", "再生\n一時停止\nミュート"],
            "keeps": ["Pause", "Play\nPause", "Abspielen\nDann pausieren\nVollbild"],
        },
        {
            "id": "player-ui.controls-beside",
            "literals": _folded(controls | others),
            "beside": ["icon-ligature", "player-ui"],
            "why": "A word of a player's menus, standing among others.",
            "removes": ["00:00 / 00:00\nLautstärke", "0:00 / 1:23\nVelocidad de reproducción"],
            "keeps": ["Untertitel", "Red\nGreen\nBlue", "Kapitel\n\nEs war einmal."],
        },
    ]
    return _pack(PLAYERS, rules)


def consent(folder: Path) -> str:
    """Strings of consent banners: sentences, and the buttons beside them."""
    sentences, labels = set(), set()
    for package in CONSENT:
        for key, text in strings(package, folder):
            if re.search(r"[{}<>\[\]&]", text) or _size(text) < 2:
                continue
            if re.fullmatch(CONSENT_SENTENCES, key) and _size(text) > 18:
                sentences.add(text)
            elif re.fullmatch(CONSENT_LABELS, key):
                labels.add(text)
    rules = [
        {
            "id": "cookie-consent.spoken",
            "literals": _folded(sentences),
            "why": "A sentence that only a consent banner says.",
            "removes": [
                "Dieser Dienst nutzt keine 'Cookies'.",
            ],
            "keeps": ["Cookies are small files.", "Der Dienst nutzt Daten."],
        },
        {
            "id": "cookie-consent.beside",
            "literals": _folded(labels),
            "beside": ["cookie-consent"],
            "within": 2,
            "why": "A button or heading of a consent banner, beside its words.",
            "removes": ["Dieser Dienst nutzt keine 'Cookies'.\nPersonalisieren"],
            "keeps": ["Alle akzeptieren", "Ablehnen\n\nDie Fraktion will ablehnen.", "OK"],
        },
    ]
    return _pack(CONSENT, rules)


def share(folder: Path) -> str:
    """Labels of share buttons that name both the deed and the network."""
    labels, words = set(), set()
    for key, text in strings("shariff", folder):
        if not re.fullmatch(r"[a-z]{2}", key) or re.search(r"[{}<>=:/]", text):
            continue
        if re.search(NETWORKS, text, re.IGNORECASE) and fold(text) not in NETWORKS.split("|"):
            labels.add(text)
        elif _size(text) > 2:
            words.add(text)
    rules = [
        {
            "id": "share-bar.button",
            "literals": _folded(
                label for label in labels if len(fold(label).split()) > 1 or not label.isascii()
            ),
            "why": "A button that shares the page on a network.",
            "removes": ["Сохранить в Pocket", "Uložit do Pocket"],
            "keeps": ["Facebook", "Er hat es bei Facebook geteilt.", "Twitter"],
        },
        {
            "id": "share-bar.word",
            "literals": _folded(words),
            "beside": ["share-bar"],
            "within": 2,
            "why": "The word of a share button, beside another such button.",
            "removes": ["Сохранить в Pocket\nflattr this", "Uložit do Pocket\nvíce informací"],
            "keeps": ["teilen", "info", "Dela\n\nOrten ligger i Norrland."],
        },
    ]
    return _pack(("shariff",), rules)


def icon_names(folder: Path) -> str:
    """Names of icons: those of several words, and single words for company."""
    names = icons(folder)
    joined = {name for name in names if "_" in name and not re.fullmatch(r"[\d_]+\w?", name)}
    single = {name for name in names if "_" not in name and name.isalpha() and len(name) > 2}
    rules = [
        {
            "id": "icon-ligature.names",
            "literals": _folded(joined),
            "min_run": 2,
            "why": "Names of icons, one after the other: the font that draws them did not load.",
            "removes": ["photo_camera\ncalendar_month", "electric_car\n\nwb_sunny"],
            "keeps": ["access_time", "The icon is called access_time.", "first_name\nlast_name"],
        },
        {
            "id": "icon-ligature.names-beside",
            "literals": _folded(single),
            "beside": ["icon-ligature", "player-ui"],
            "why": "The name of an icon, standing among other icons or player controls.",
            "removes": ["photo_camera\ncalendar_month\nperson"],
            "keeps": ["search", "person", "He came\nhome\nat night."],
        },
    ]
    return _pack(("material-icons", "@material-symbols/metadata"), rules)


def _is(table: dict[str, str], package: str, key: str, *, whole: bool = False) -> bool:
    pattern = table.get(package, r"(?!)")
    return bool(re.fullmatch(pattern, key) if whole else re.match(pattern, key))


def _size(text: str) -> int:
    """Letters, where one of a script without blanks counts thrice."""
    return sum(3 if "\u3040" <= char <= "\ud7a3" else 1 for char in text if char.isalnum())


def _folded(texts: Iterable[str]) -> list[str]:
    return sorted({" ".join(fold(text).split()) for text in texts if text.strip()} - {""})


def _pack(packages: Iterable[str], rules: Iterable[dict[str, object]]) -> str:
    lines = [
        "# Written by training/rules/generate.py: do not edit.",
        "# The strings are taken from:",
    ]
    lines += (f"#   {name} {PACKAGES[name][0]} ({PACKAGES[name][1]})" for name in packages)
    lines += ["# Licences: docs/licenses/interface-strings.md", 'schema = "archiver-rules/1"']
    for rule in rules:
        seen = "the packages named above"
        table = {"id": rule["id"], "action": "drop", **rule, "seen": seen}
        lines += ["", "[[rule]]"]
        lines += (f"{key} = {_toml(value)}" for key, value in table.items())
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """JSON strings and numbers are TOML too; a list goes on lines of 120."""
    if not isinstance(value, list) or len(value) < 8:
        return json.dumps(value, ensure_ascii=False)
    lines, line = ["["], " "
    for item in value:
        text = f" {json.dumps(item, ensure_ascii=False)},"
        if len(line) + len(text) > 120:
            lines.append(line)
            line = " "
        line += text
    return "\n".join([*lines, line, "]"])


if __name__ == "__main__":
    raise SystemExit(main())
