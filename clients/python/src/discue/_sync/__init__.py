# Made of _async/ by scripts/sync.py: change that, not this file.
