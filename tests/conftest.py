"""What every test needs: signals as a terminal gives them, and examples that do not change."""

import os
import signal

from hypothesis import settings

# A shell that starts the tests in the background has Ctrl-C ignored, and what ignores it
# passes that on to its children: tests that interrupt a process would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A change is judged by the same examples every time; ``HYPOTHESIS_PROFILE=explore`` looks for
# new ones, and what it finds becomes a test of its own.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore")
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
