"""How long an experiment lasts and what it is drawn from: short in `make test`, CHAOS_SECONDS in `make chaos`."""

import os
import random


def seconds(short: float) -> float:
    """How long people come: the short form's seconds, or what `make chaos` was told."""
    return float(os.environ.get("CHAOS_SECONDS") or short)


def seed() -> int:
    """What the experiment's chances are drawn from: CHAOS_SEED, or a fresh one. Printed, so that it can be given again:
    the same people come and the same things break at the same moments, as far as two runs of a machine are alike."""
    found = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"CHAOS_SEED={found}")
    return found
