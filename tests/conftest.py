"""What every test needs: signals as a terminal gives them."""

import signal

# A shell that starts the tests in the background has Ctrl-C ignored, and what ignores it
# passes that on to its children: tests that interrupt a process would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
