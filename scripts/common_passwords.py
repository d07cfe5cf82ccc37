#!/usr/bin/env python3
"""Writes the fingerprints of the most common passwords that are long enough to be chosen here.

The ranking is the one that zxcvbn publishes (MIT licence). Only fingerprints of it are kept with the sources: the first
four bytes of each SHA-256. Run it where that package is installed (`pip install zxcvbn==4.5.0`), from the repository's
root.
"""

import base64
import hashlib
from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

MOST_COMMON = 10_000
SHORTEST = 8
TARGET = Path("Sources/API/Auth/CommonPasswords+Fingerprints.swift")

HEAD = '''\
import Foundation

extension CommonPasswords {
    /// Of the 10,000 most common passwords those that are long enough to be chosen here: of each in lower case the first
    /// four bytes of its SHA-256. One password in a million has one of them by chance.
    ///
    /// Written by scripts/common_passwords.py, which names the source.
    static let fingerprints: Set<UInt32> = {
        let bytes = Array(Data(base64Encoded: fingerprintText, options: .ignoreUnknownCharacters) ?? Data())
        return Set(
            stride(from: 0, to: bytes.count - 3, by: 4).map { start in
                bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
            })
    }()

    private static let fingerprintText = """
'''


def main():
    passwords = [word for word in FREQUENCY_LISTS["passwords"][:MOST_COMMON] if len(word) >= SHORTEST]
    prints = sorted({hashlib.sha256(word.lower().encode()).digest()[:4] for word in passwords})
    text = base64.b64encode(b"".join(prints)).decode()
    lines = [f"        {text[start:start + 108]}\n" for start in range(0, len(text), 108)]
    TARGET.write_text(HEAD + "".join(lines) + '        """\n}\n')
    print(f"{len(prints)} fingerprints of {len(passwords)} passwords")


if __name__ == "__main__":
    main()
