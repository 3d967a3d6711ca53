"""The language of a text: told where it is plain, and not told where it is not."""

import hashlib
import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive.rows.columns import DOCUMENTS
from archiver.batch import clean_batch, source_batch
from archiver.document import Provenance, Source
from archiver.readers.stored import stored_source
from archiver.rules.load import builtin
from archiver.text import language
from archiver.text.language import detect, detect_all

SENTENCES = {
    "ar": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق، وقد وهبوا عقلا وضميرا.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "en": "All human beings are born free and equal in dignity and rights.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos.",
    "fi": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "hu": "Minden emberi lény szabadon születik és egyenlő méltósága és joga van.",
    "hy": "Բոլոր մարդիկ ծնվում են ազատ ու հավասար՝ իրենց արժանապատվությամբ ու իրավունքներով։",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti.",
    "ja": "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.",
    "uk": "Всі люди народжуються вільними і рівними у своїй гідності та правах.",
    "vi": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.",
    "zh": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。",
}


@pytest.mark.parametrize(("tag", "sentence"), SENTENCES.items(), ids=SENTENCES)
def test_a_sentence(tag, sentence):
    found = detect(sentence)
    assert found is not None
    assert found[0] == tag
    assert language.MIN_SCORE <= found[1] <= 1


@pytest.mark.parametrize(
    "text",
    ["", " \n", "ok", "Play", "12 345 678 910 " * 40, "\ud800" * 99, "http://a.b/c?d=1", "🙂" * 3],
)
def test_what_says_too_little_is_not_guessed(text):
    assert detect(text) is None


def test_capitals_are_no_other_language():
    assert detect(SENTENCES["de"].upper())[0] == "de"


def test_all_of_a_long_text_is_looked_at():
    # A head of another language, such as a menu, does not decide.
    assert detect("Home About Contact Login " * 5 + SENTENCES["hu"] * 60)[0] == "hu"


def test_texts_are_judged_alone():
    texts = [*SENTENCES.values(), "", "ok"] * 7
    assert detect_all(texts) == [detect(text) for text in texts]
    assert detect_all([]) == []


@given(st.text() | st.text(alphabet=st.characters(codec=None)))
def test_any_text_has_an_answer(text):
    found = detect(text)
    assert found is None or (found[0] and language.MIN_SCORE <= found[1] <= 1)


def test_cost_is_bounded():
    detect(SENTENCES["en"])
    tracemalloc.start()
    detect(SENTENCES["en"] * 500_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20  # the text itself takes half


def test_the_model_is_what_its_script_makes():
    # Of bytes: archives hold what it said. A new model needs a new measurement.
    with np.load(language.MODEL, allow_pickle=False) as stored:
        keys, levels, languages = stored["keys"], stored["levels"], stored["languages"]
    assert len(keys) == 25_000 == levels.shape[1]
    assert len(set(language.slots_of(keys).tolist())) == len(keys)
    assert len(set(languages.tolist())) == 140  # 139 and what is none
    digest = hashlib.sha256(keys.tobytes() + levels.tobytes()).hexdigest()
    assert digest == "2d861bbd3a7166651d502c33394685dea9874563ad9e4fb8c9ae6b085104c275"


def _record(text, **known):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    source = Source("a", "a.txt", text.encode(), provenance=Provenance(**known))
    batch = source_batch([(source, 1)], now)
    made = clean_batch(batch, builtin(), profile="standard", tool_version="1")
    assert made.records.schema.equals(DOCUMENTS)
    (row,) = made.records.to_pylist()
    return source, row


def test_a_record_tells_the_language_and_how_sure():
    source, row = _record(SENTENCES["it"] + "\n")
    assert row["language"] == "it"
    assert 0.5 <= row["language_score"] <= 1
    # What was detected is not taken for given when the archive is cleaned again.
    assert stored_source(row) == source


def test_what_the_index_says_stays():
    source, row = _record(SENTENCES["it"] + "\n", language="la")
    assert (row["language"], row["language_score"]) == ("la", None)
    assert stored_source(row) == source


def test_a_doubtful_text_has_no_language():
    assert _record("ok\n")[1]["language"] is None
    assert _record("ok\n")[1]["language_score"] is None
