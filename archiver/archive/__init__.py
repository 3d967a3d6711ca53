"""The archive: a Delta table inside a BagIt bag, with a hash chain through its log.

Modules, from the ground up: ``columns`` and ``records`` (what a row is),
``schema`` (both, as JSON), ``disk`` (durable writes), ``log`` (entries and the
chain), ``parts`` (Parquet files), ``delta`` (what Delta readers need), ``bag``
(manifests), ``archive`` (open and read), ``writer`` (stage and commit),
``validate`` with ``check_*`` (find damage; never writes).
"""
