"""The command line: arguments in, library calls, words and results out.

Only this package knows the screen, the clock, the environment and the current
folder; it passes them down. ``archiver.cli.main:main`` is the command. Exit
statuses are those of ``archiver.errors``, and of outcomes: 0 done, 3 done with
some documents quarantined, 129 hung up, 130 interrupted, 141 the reader of a
pipe went away, 143 terminated.
"""
