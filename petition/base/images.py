"""A picture as somebody sends it, made into the ones that are shown: decoded, turned upright, scaled, written anew.

Nothing of the file itself is kept, so nothing that hides in it: no place where it was taken, no camera, no thumbnail
of what was cut away, no second file behind the first. Loads Pillow: only who takes pictures in imports this.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from petition.base import urls

LARGEST_FILE = 25 * 1024 * 1024
#: What a picture may unfold to. A JPEG is decoded at a fraction of its size, the others whole, some of them twice.
MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 12_000_000, "WEBP": 12_000_000}
LEAST_SIDE = 200
#: One side is at most so many times the other.
MOST_STRETCHED = 4
QUALITY = 80
#: A logo is at most so large, for screens that show two dots where others show one; it may be smaller than a picture
#: and more stretched.
LOGO_WIDTH, LOGO_HEIGHT = 320, 160
LEAST_LOGO_SIDE, LOGO_STRETCHED, LOGO_QUALITY = 32, 8, 90

Why = Literal["too_large", "unknown", "broken", "too_many_pixels", "too_small", "too_stretched"]


class ImageRefused(ValueError):
    """A picture that is not taken; `why` says which rule."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


@dataclass(frozen=True, slots=True)
class Scaled:
    """A picture ready to be stored: `name` is a hash of the file it was made from, `sizes` are width, height and
    JPEG, the largest first."""

    name: str
    sizes: tuple[tuple[int, int, bytes], ...]

    @property
    def path(self) -> str:
        """The path of its largest size, as it stands in Markdown."""
        return urls.picture(self.name, *self.sizes[0][:2])


def scaled(data: bytes) -> Scaled:
    """The picture in a JPEG, PNG or WebP file. Raises ImageRefused. Takes a few seconds and 240 MB at the very most."""
    image = _read(data, LEAST_SIDE, MOST_STRETCHED)
    sizes = urls.picture_sizes(*image.size)
    return Scaled(hashlib.sha256(data).hexdigest()[:32], tuple((*size, _jpeg(image, size)) for size in sizes))


def logo(data: bytes) -> Scaled:
    """The logo in such a file, on white, small. Raises ImageRefused."""
    image = _read(data, LEAST_LOGO_SIDE, LOGO_STRETCHED)
    width, height = image.size
    shrink = min(1.0, LOGO_WIDTH / width, LOGO_HEIGHT / height)
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    # The same file may have been taken as a picture, too.
    name = hashlib.sha256(b"logo" + data).hexdigest()[:32]
    return Scaled(name, ((*size, _jpeg(image, size, LOGO_QUALITY)),))


def _read(data: bytes, least: int, stretched: int) -> Image.Image:
    """The picture in a file whose sides are at least so long and stretched at most so much. Raises ImageRefused."""
    if len(data) > LARGEST_FILE:
        raise ImageRefused("too_large")
    try:
        return _decoded(data, least, stretched)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageRefused("too_many_pixels") from None
    except UnidentifiedImageError:
        raise ImageRefused("unknown") from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error,
            zlib.error) as error:  # fmt: skip
        # What Pillow raises for broken files, and nothing of it is worth telling apart.
        if isinstance(error, ImageRefused):
            raise
        raise ImageRefused("broken") from None


def _decoded(data: bytes, least: int, stretched: int) -> Image.Image:
    """Upright, in sRGB, without transparency, at least as large as it will be shown."""
    # By what the file holds, never by its name; no other decoder is even tried.
    with Image.open(BytesIO(data), formats=tuple(MOST_PIXELS)) as image:
        width, height = image.size
        kind = "JPEG" if image.format == "MPO" else str(image.format)
        if width * height > MOST_PIXELS[kind]:
            raise ImageRefused("too_many_pixels")
        if min(width, height) < least:
            raise ImageRefused("too_small")
        if max(width, height) > stretched * min(width, height):
            raise ImageRefused("too_stretched")
        image.draft("RGB", (urls.PICTURE_WIDTH, urls.PICTURE_WIDTH))
        image.load()
        profile = image.info.get("icc_profile")
        return _in_srgb(_opaque(ImageOps.exif_transpose(image)), profile)


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits of grey: their upper eight.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if not image.has_transparency_data:
        return image if image.mode in ("RGB", "L", "CMYK") else image.convert("RGB")
    image = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Telephones write other colours than screens show unless they are told."""
    if isinstance(profile, bytes) and profile:
        try:
            given, shown = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            found = ImageCms.profileToProfile(image, given, shown, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            found = None
        if found is not None:
            return found
    return image.convert("RGB")


def _jpeg(image: Image.Image, size: tuple[int, int], quality: int = QUALITY) -> bytes:
    file = BytesIO()
    small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    # A picture that was loaded brings its notes along; a new one has none.
    clean = Image.new("RGB", size)
    clean.paste(small)
    clean.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
    return file.getvalue()
