"""`python -m petition` is the console script `petition`."""

from petition.cli import main

main(prog_name="petition")
