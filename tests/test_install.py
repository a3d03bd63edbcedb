"""The installed package is found from anywhere, from the parent of a clone too."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_clone_called_like_the_package_does_not_hide_it(tmp_path):
    (tmp_path / "mapeq").symlink_to(ROOT)
    code = "import mapeq; print(mapeq.__version__, mapeq.infomap([(0, 1)]).num_nodes)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout.split()[1:] == ["2"], "install with --config-settings editable_mode=compat\n" + done.stderr
