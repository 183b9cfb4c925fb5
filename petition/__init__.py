"""A tool for solidarity petitions."""

import gc

# Loading makes half a million objects that stay. Looking for garbage among them costs an eighth of a second at each
# start and finds none; `create_app` lets it begin.
gc.disable()
gc.set_threshold(50_000, 10, 10)
