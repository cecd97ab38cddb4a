"""What a web server runs: the application, if its configuration keeps our promises."""

import os
from threading import Thread

from django.core.wsgi import get_wsgi_application

from arcsite import connections, starting
from enrollment import heap, sandbox

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arcsite.settings")
# Before faiss is loaded: its threads would wait for one another at twenty times the cost of a search, and
# several requests keep all processors busy anyway.
os.environ.setdefault("OMP_NUM_THREADS", "1")

heap.keep_what_is_freed()

application = get_wsgi_application()
starting.refuse_unsafe()
connections.keep()

# The decoder takes a second to start; the first visitor shall not be the one who waits.
Thread(target=sandbox.warm_up, daemon=True).start()
