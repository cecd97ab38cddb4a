import subprocess
import sys

import pytest
from project_files import ROOT

ASK = "import arcsite.wsgi, faiss; print(faiss.omp_get_max_threads())"


@pytest.mark.processes
def test_searches_of_a_web_process_use_one_thread_each() -> None:
    """With several, one search took twenty times the processor time on a busy machine."""
    done = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["1"]
