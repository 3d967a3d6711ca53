"""Processes that go without pandas, which pyarrow loads where it is installed.

It does so at the first array, to look at a type: half a second that nothing here needs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType


class _NoPandas:
    """A finder of modules that says there is no pandas.

    An entry None in ``sys.modules`` is no way: pyarrow breaks on it.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        """None for other modules. Raises: ModuleNotFoundError for pandas."""
        del path, target
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is of no use here", name=fullname)


def go_without_pandas() -> None:
    """Leave pandas out of this process, unless it is loaded already."""
    sys.meta_path.insert(0, _NoPandas())
