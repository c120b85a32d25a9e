"""The command line."""

import gc

# A command lives for seconds and makes many small lasting objects: looking for garbage as often as usual takes a tenth of its time.
gc.set_threshold(100_000, 50, 50)
