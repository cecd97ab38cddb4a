"""What scanning processes have in common, loaded and drawn by the process that they are forked from.

Importing this draws the noise that photos are calibrated against, which takes longer than loading it all.
"""

from matching.cli.local_workers import LocalWorkers
from matching.engine.bank import bank_signs

__all__ = ["LocalWorkers"]

bank_signs()
