"""A job's picture: which one, what it shows, and its bytes in a size that a network takes."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

MAX_FILE = 30 * 1024 * 1024  # bytes of a picture that we open
MAX_PIXELS = 50_000_000
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


class ImageProblem(Exception):
    """The picture cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Media:
    """What pictures a network takes: the largest in bytes, the longest side in pixels, the
    longest description in characters."""

    max_bytes: int
    max_side: int
    max_alt: int
    types: tuple[str, ...] = ("image/jpeg", "image/png")


class Image(BaseModel):
    """One picture of a post, fitted to its network; frozen, and equal for equal content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    name: str
    type: str
    alt: str
    digest: str
    media: Media

    def read(self) -> bytes:
        """The bytes to upload. Raises ImageProblem when the file has changed since the plan."""
        raw, type_ = fitted(Path(self.path), self.media)
        if hashlib.blake2b(raw, digest_size=16).hexdigest() != self.digest or type_ != self.type:
            raise ImageProblem(f"{self.name} has changed since it was planned")
        return raw


def load(folder: Path, file: str, alt: str, media: Media) -> Image:
    """The picture `file`, below `folder`, for a network. Raises ImageProblem."""
    path = (folder / file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ImageProblem(f"the picture {file} is not in the folder of job specs: move it there")
    if len(alt) > media.max_alt:
        raise ImageProblem(
            f"the picture's description has {len(alt)} characters, and this network takes "
            f"{media.max_alt}: shorten `alt`"
        )
    raw, type_ = fitted(path, media)
    digest = hashlib.blake2b(raw, digest_size=16).hexdigest()
    name = f"{path.stem}.{type_.removeprefix('image/')}"
    return Image(path=str(path), name=name, type=type_, alt=alt, digest=digest, media=media)


def fitted(path: Path, media: Media) -> tuple[bytes, str]:
    """Bytes and type: as they are where the network takes them, else smaller, without metadata
    (a photo says where and by whom it was taken). Raises ImageProblem."""
    import PIL.Image
    import PIL.ImageOps

    try:
        if path.stat().st_size > MAX_FILE:
            raise ImageProblem(f"the picture {path.name} has over {MAX_FILE // 2**20} MB")
        with PIL.Image.open(path) as picture:
            type_ = TYPES.get(picture.format or "")
            if type_ is None:
                raise ImageProblem(f"{path.name} is no JPEG, PNG or WebP picture")
            if picture.width * picture.height > MAX_PIXELS:
                raise ImageProblem(f"{path.name} has too many pixels: make it smaller")
            raw = path.read_bytes()
            plain = not picture.getexif() and max(picture.size) <= media.max_side
            if plain and type_ in media.types and len(raw) <= media.max_bytes:
                return raw, type_
            return _smaller(PIL.ImageOps.exif_transpose(picture).convert("RGB"), media)
    except FileNotFoundError:
        raise ImageProblem(
            f"there is no picture {path.name}: put it beside the job specs"
        ) from None
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise ImageProblem(f"the picture {path.name} cannot be read: {error}") from error


def cropped(raw: bytes, ratio: float, least_width: int) -> bytes:
    """The middle of a picture as JPEG, `ratio` times as wide as high, at least so many pixels
    wide."""
    import PIL.Image
    import PIL.ImageOps

    with PIL.Image.open(io.BytesIO(raw)) as picture:
        width = max(least_width, min(picture.width, round(picture.height * ratio)))
        size = (width, round(width / ratio))
        out = io.BytesIO()
        PIL.ImageOps.fit(picture.convert("RGB"), size).save(out, "JPEG", quality=88, optimize=True)
    return out.getvalue()


def _smaller(picture: object, media: Media) -> tuple[bytes, str]:
    side = media.max_side
    while True:
        copy = picture.copy()
        copy.thumbnail((side, side))
        for quality in (88, 78, 68):
            out = io.BytesIO()
            copy.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= media.max_bytes:
                return out.getvalue(), "image/jpeg"
        side = side * 3 // 4


def thumbnail(image: Image, side: int = 560) -> bytes:
    """A small copy as JPEG, for a page of ours. Raises ImageProblem."""
    import PIL.Image

    with PIL.Image.open(io.BytesIO(image.read())) as picture:
        small, out = picture.convert("RGB"), io.BytesIO()
        small.thumbnail((side, side))
        small.save(out, "JPEG", quality=80, optimize=True)
    return out.getvalue()
