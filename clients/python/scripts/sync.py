"""Makes the client without ``async`` from the one with it: ``python scripts/sync.py``, or ``--check`` to compare only."""

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "discue"
HEAD = "# Made of _async/ by scripts/sync.py: change that, not this file.\n"
RULES = [
    (r"\bawait asyncio\.sleep\b", "time.sleep"),
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bimport asyncio\n", ""),
    (r"\bAsync(Iterator|Client)\b", r"\1"),
    (r"\b(_?)Async([A-Z])", r"\1\2"),
    (r"\baclose\b", "close"),
    (r"\b__aenter__\b", "__enter__"),
    (r"\b__aexit__\b", "__exit__"),
    (r"\baiter_bytes\b", "iter_bytes"),
]


def made_of(source: str) -> str:
    for pattern, text in RULES:
        source = re.sub(pattern, text, source)
    return HEAD + source


def main() -> int:
    for source in sorted((PACKAGE / "_async").glob("*.py")):
        target = PACKAGE / "_sync" / source.name
        made = made_of(source.read_text())
        if "--check" not in sys.argv:
            target.write_text(made)
        elif target.read_text() != made:
            print(f"{target} is not made of {source}: python scripts/sync.py")
            return 1
    return 0


sys.exit(main())
