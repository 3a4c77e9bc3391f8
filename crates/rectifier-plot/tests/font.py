"""A font whose every letter is a box, for tests of pictures: python3 font.py (needs fonttools)."""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

pen = TTGlyphPen(None)
pen.moveTo((50, 0))
pen.lineTo((50, 700))
pen.lineTo((450, 700))
pen.lineTo((450, 0))
pen.closePath()
box = pen.glyph()
font = FontBuilder(1000, isTTF=True)
font.setupGlyphOrder([".notdef", "box"])
font.setupCharacterMap({code: "box" for code in range(0x20, 0x7F)})
font.setupGlyf({".notdef": box, "box": box})
font.setupHorizontalMetrics({".notdef": (500, 50), "box": (500, 50)})
font.setupHorizontalHeader(ascent=800, descent=-200)
font.setupNameTable({"familyName": "Boxes", "styleName": "Regular", "psName": "Boxes"}, mac=False)
font.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
font.setupPost(keepGlyphNames=False)
font.font.recalcTimestamp = False
font.font["head"].created = font.font["head"].modified = 0
font.save(Path(__file__).with_name("boxes.ttf"))
