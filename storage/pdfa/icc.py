"""ICC profiles allowed by PDF/A-2 (ISO 19005-2, 6.2.4.2, as veraPDF reads it). Pure."""

from __future__ import annotations

import struct

_CLASSES = {b"prtr", b"mntr", b"scnr", b"spac"}
_SPACES = {b"GRAY": 1, b"RGB ": 3}


def components(profile: bytes) -> int | None:
    """1 or 3 for a profile that may stay, None for any other.

    A CMYK or Lab profile would be legal, but then viewers without colour management go their own ways; such images are
    converted instead.
    """
    if len(profile) < 132 or profile[36:40] != b"acsp" or not 2 <= profile[8] <= 4:
        return None
    (size,) = struct.unpack_from(">I", profile)
    if size > len(profile) or profile[12:16] not in _CLASSES:
        return None
    (tags,) = struct.unpack_from(">I", profile, 128)
    if not 0 < tags <= 100 or 132 + 12 * tags > len(profile):
        return None
    for index in range(tags):
        offset, length = struct.unpack_from(">II", profile, 136 + 12 * index)
        if offset + length > len(profile):
            return None
    return _SPACES.get(profile[16:20])
