"""Where long arrays are: in memory, or in temporary files, which the system keeps in memory as far as there is room."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mapeq._base.errors import NetworkError

#: Shorter arrays are in memory, in bytes.
SMALLEST_FILE = 1 << 20


class Storage:
    """Makes long arrays.

    Parameters
    ----------
    folder : Path, optional
        Where temporary files go, which have no name and are gone with their arrays; without one, arrays are in memory.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = folder

    def empty(self, size: int, dtype: DTypeLike) -> NDArray[Any]:
        """An array of a size, not initialised.

        Raises
        ------
        NetworkError
            If there is no room on the disk.
        """
        num_bytes = size * np.dtype(dtype).itemsize
        if self.folder is None or num_bytes < SMALLEST_FILE:
            return np.empty(size, dtype)
        try:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                # Space is taken now: where it is missing later, the system kills the process.
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, num_bytes)
                else:
                    file.truncate(num_bytes)
                return np.memmap(file, dtype, "r+", shape=(size,)).view(np.ndarray)
        except OSError as error:
            raise NetworkError(
                f"a temporary file of {num_bytes:,} bytes cannot be made in {self.folder}: {error.strerror}"
            ) from error


#: Arrays in memory.
IN_MEMORY = Storage()
