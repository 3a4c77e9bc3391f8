"""The letters of DejaVu Sans that drawings use: python3 subset.py DejaVuSans.ttf DejaVuSans-Bold.ttf (needs fonttools 4)."""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

# Latin, Greek, and the signs of punctuation, arrows and arithmetic that stand in titles and names.
CODES = [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x391, 0x3CA), *range(0x2010, 0x2027), 0x2030, 0x2032, 0x2033, *range(0x2070, 0x208F),
         0x20AC, *range(0x2190, 0x2194), 0x2202, 0x2206, 0x2208, 0x2211, 0x2212, 0x221A, 0x221E, 0x2248, 0x2260, 0x2264, 0x2265]

for path in map(Path, sys.argv[1:]):
    font = TTFont(path, recalcTimestamp=False)
    options = subset.Options(layout_features=["kern"], hinting=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=CODES)
    subsetter.subset(font)
    font.save(Path(__file__).with_name(path.name))
    licence = font["name"].getDebugName(13)
    Path(__file__).with_name("LICENSE").write_text("\n".join(line.rstrip() for line in licence.splitlines()) + "\n")
