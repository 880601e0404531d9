"""Makes the fonts of figures out of Arimo 1.33 (Debian's fonts-croscore 20201225, SIL Open Font License 1.1).

Arimo has the widths of Arial, Helvetica and Liberation Sans: text in an SVG, laid out with their widths, has the same
width on any machine that has one of the four, and the PNG is drawn with the files made here, wherever there is no font.
Kept: Latin, Greek, punctuation, arrows and mathematical signs.

    apt-get download fonts-croscore && dpkg -x fonts-croscore_*.deb x
    pip install fonttools==4.68.0
    python make.py x/usr/share/fonts/truetype/croscore
"""

import os
import sys

from fontTools import subset
from fontTools.ttLib import TTFont

KEPT = [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x384, 0x3CF), *range(0x2010, 0x2027), *range(0x2070, 0x20A0),
        *range(0x2190, 0x2200), *range(0x2200, 0x2300), *range(0x25A0, 0x2600)]

here = os.path.dirname(os.path.abspath(__file__))
for name in ("Regular", "Bold"):
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, name_IDs=["*"])
    options.recalc_timestamp = False
    font = TTFont(os.path.join(sys.argv[1], f"Arimo-{name}.ttf"), recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=KEPT)
    subsetter.subset(font)
    font.save(os.path.join(here, f"Arimo-{name}.ttf"))
