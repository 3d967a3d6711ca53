"""The archive: a Delta table inside a BagIt bag, with a hash chain through its log.

``archive`` opens and reads one, ``create`` makes one. What they stand on, from the ground
up: ``rows``, ``files``, ``log``, ``read``, ``bag``; what stands on them: ``write`` and
``checks``, then ``mend``, ``takedown``, ``versions``.
"""
