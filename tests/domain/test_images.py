"""Pictures as people send them: what is taken, what is refused, and that nothing of the file itself is kept."""

import subprocess
import sys
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from struct import pack

import pytest
from PIL import Image, ImageCms

from petition.base import images
from petition.base.images import ImageRefused


def picture(form: str = "JPEG", size: tuple[int, int] = (900, 600), mode: str = "RGB", **how: object) -> bytes:
    """A picture, red on its left half and blue on its right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    file = BytesIO()
    image.convert(mode).save(file, form, **how)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def refused(data: bytes) -> str:
    with pytest.raises(ImageRefused) as caught:
        images.scaled(data)
    return caught.value.why


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_written_anew_in_two_widths(form: str) -> None:
    found = images.scaled(picture(form, (3000, 2001)))
    assert [size[:2] for size in found.sizes] == [(1440, 960), (720, 480)]
    for width, height, data in found.sizes:
        image = opened(data)
        assert (image.format, image.size, image.mode) == ("JPEG", (width, height), "RGB")
        red, _, blue = image.getpixel((width // 4, height // 2))  # type: ignore[misc]
        assert red > 200 > 60 > blue


def test_a_small_picture_is_not_made_larger() -> None:
    assert [size[:2] for size in images.scaled(picture(size=(640, 480))).sizes] == [(640, 480)]


def test_a_picture_has_the_same_name_again_and_another_one_another() -> None:
    data = picture()
    assert images.scaled(data).name == images.scaled(data).name != images.scaled(picture("PNG")).name


def test_nothing_tells_where_and_by_what_it_was_taken_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0110] = "Snitch 3000"
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # where
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = picture(size=(900, 600), exif=exif.tobytes(), comment=b"by Ana", icc_profile=profile)
    assert b"Snitch 3000" in data
    ((width, height, made),) = images.scaled(data).sizes
    assert (width, height) == (600, 900)
    image = opened(made)
    assert dict(image.getexif()) == {}
    assert image.info.keys().isdisjoint({"exif", "icc_profile", "comment", "xmp", "photoshop"})
    for note in (b"Snitch", b"Ana", b"Exif", b"ICC_PROFILE"):
        assert note not in made
    red, _, blue = image.getpixel((width // 2, height // 8))  # type: ignore[misc]
    assert red > 200 > blue, "its left side is on top"


def test_what_is_hidden_behind_or_in_a_picture_is_gone() -> None:
    script = b"<script>alert(1)</script>PK\x03\x04 a second file"
    for data in (picture() + script, picture(comment=script), picture("PNG") + script):
        for _, _, made in images.scaled(data).sizes:
            assert b"script" not in made
            assert b"PK\x03\x04" not in made
            assert made.endswith(b"\xff\xd9")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L", "I;16"])
def test_every_kind_of_png_is_taken(mode: str) -> None:
    image = Image.new("RGBA", (400, 300), (255, 0, 0, 0)).convert(mode if mode != "I;16" else "L")
    file = BytesIO()
    (image.convert("I").convert("I;16") if mode == "I;16" else image).save(file, "PNG")
    ((_, _, made),) = images.scaled(file.getvalue()).sizes
    if mode in ("RGBA", "LA"):
        assert opened(made).getpixel((9, 9)) == (255, 255, 255), "transparency is paper"


def test_a_picture_for_print_becomes_one_for_screens() -> None:
    file = BytesIO()
    Image.new("CMYK", (400, 300), (0, 255, 255, 0)).save(file, "JPEG")
    red, green, _ = opened(images.scaled(file.getvalue()).sizes[0][2]).getpixel((9, 9))  # type: ignore[misc]
    assert red > 150 > 90 > green


def _bomb() -> bytes:
    """A PNG of a few hundred bytes that says it is 60,000 pixels wide and high."""
    head = pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (SVG, "unknown"), (b"<!doctype html><p>", "unknown"), (b"", "unknown"), (b"%PDF-1.7", "unknown"),
        (picture("GIF"), "unknown"), (picture("BMP"), "unknown"), (picture("TIFF"), "unknown"),
        (picture("ICO"), "unknown"),
        (picture()[:-3000], "broken"), (picture("PNG")[:300], "broken"), (picture("WEBP")[:100], "broken"),
        (_bomb(), "too_many_pixels"), (picture("PNG", (4000, 3001), "1"), "too_many_pixels"),
        (picture("PNG", (16_384, 600), "1"), "too_stretched"), (picture(size=(199, 400)), "too_small"),
        (picture(size=(1, 1)), "too_small"), (b"\xff" * (images.LARGEST_FILE + 1), "too_large"),
    ],
    ids=["svg", "html", "nothing", "pdf", "gif", "bmp", "tiff", "ico", "cut jpeg", "cut png", "cut webp", "bomb",
         "too many", "stretched", "small", "pixel", "large"],
)  # fmt: skip
def test_what_is_no_picture_to_show_is_refused(data: bytes, why: str) -> None:
    assert refused(data) == why


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_broken_picture_never_ends_in_anything_but_a_refusal(form: str) -> None:
    data = picture(form, (300, 200))
    for place in range(0, len(data), max(1, len(data) // 60)):
        broken = bytearray(data)
        broken[place] ^= 0xFF
        with suppress(ImageRefused):
            images.scaled(bytes(broken))


_MEASURED = """
import re, sys
from pathlib import Path
from petition.base import images

def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

data = sys.stdin.buffer.read()
before = peak()
images.scaled(data)
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process its peak")
@pytest.mark.parametrize(
    ("form", "width", "height", "most"), [("JPEG", 8600, 5800, 200), ("PNG", 4000, 3000, 200)]
)  # fmt: skip
def test_the_largest_picture_takes_bounded_memory(form: str, width: int, height: int, most: int) -> None:
    """In a process of its own: megabytes beyond having loaded everything."""
    how = {"progressive": True} if form == "JPEG" else {"compress_level": 1}
    data = picture(form, (width, height), "RGB" if form == "JPEG" else "RGBA", **how)
    done = subprocess.run([sys.executable, "-c", _MEASURED], input=data, capture_output=True, check=True)
    assert 10 < int(done.stdout) < most


@pytest.mark.parametrize(
    ("size", "shown"),
    [((640, 100), (320, 50)), ((100, 700), (23, 160)), ((40, 40), (40, 40)), ((1000, 1000), (160, 160))],
)  # fmt: skip
def test_a_logo_is_made_small_on_white_and_never_larger(size: tuple[int, int], shown: tuple[int, int]) -> None:
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    file = BytesIO()
    image.save(file, "PNG")
    found = images.logo(file.getvalue())
    ((width, height, data),) = found.sizes
    assert (width, height) == opened(data).size == shown
    assert opened(data).getpixel((0, 0)) == (255, 255, 255)
    assert found.name != images.logo(picture()).name


def test_a_logo_too_thin_or_tiny_is_refused_and_has_another_name_than_the_picture_of_its_file() -> None:
    for size, why in (((900, 100), "too_stretched"), ((31, 31), "too_small")):
        with pytest.raises(ImageRefused) as caught:
            images.logo(picture(size=size))
        assert caught.value.why == why
    data = picture(size=(400, 300))
    assert images.logo(data).name != images.scaled(data).name
