"""Pictures read back in tests: what a file shows, not how large it is."""

import re
from xml.etree import ElementTree

import numpy as np
from PIL import Image

SVG = "{http://www.w3.org/2000/svg}"


class Drawing:
    """An SVG file: its texts, and the number of shapes in each group with a name."""

    def __init__(self, path):
        root = ElementTree.parse(path).getroot()
        assert root.tag == f"{SVG}svg"
        self.texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
        self.shapes = {
            group.get("id"): len(list(group.iter(f"{SVG}use"))) or len(list(group.iter(f"{SVG}path")))
            for group in root.iter(f"{SVG}g")
            if group.get("id") is not None
        }


def pixels(path):
    """The colours of a PNG file, (height, width, 3) from 0 to 255; decoding checks the sums of its parts."""
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def drawn_share(path):
    """The share of a PNG file that is not white."""
    return float((pixels(path) != 255).any(axis=-1).mean())


def pages(path):
    """The number of pages of a PDF file that is whole."""
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    return len(re.findall(rb"/Type\s*/Page\b", content))
