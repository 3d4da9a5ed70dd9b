"""QR codes of links (ISO/IEC 18004), for screens and for print."""

from __future__ import annotations

import io

import segno

LEVEL = "m"  # of error correction: a seventh of the code may be dirty, and it stays small


def svg(link: str) -> bytes:
    """As SVG, which prints sharply in any size: black on white, also on a dark page."""
    out = io.BytesIO()
    _code(link).save(out, kind="svg", scale=8, light="#fff", svgns=True, xmldecl=True, nl=False)
    return out.getvalue()


def png(link: str) -> bytes:
    """As PNG, large enough for a slide."""
    out = io.BytesIO()
    _code(link).save(out, kind="png", scale=16)
    return out.getvalue()


def _code(link: str) -> segno.QRCode:
    return segno.make(link, error=LEVEL, micro=False, boost_error=True)
