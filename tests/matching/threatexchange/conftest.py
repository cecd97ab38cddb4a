"""Stand-ins for two compiled modules that the stock library imports, and that nothing here needs."""

import importlib.util
import sys
from types import ModuleType

from stock_client import STAND_INS

for name, text in STAND_INS.items():
    if importlib.util.find_spec(name) is None:
        module = ModuleType(name)
        exec(text, module.__dict__)
        sys.modules[name] = module
