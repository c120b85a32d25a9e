"""The command line."""

import gc
import os

# A command lives for seconds and makes many small lasting objects: looking for garbage as often as usual takes a tenth of its time.
gc.set_threshold(100_000, 50, 50)
# Settings need no plugins of other packages; to look for them takes as long as to read the settings.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
