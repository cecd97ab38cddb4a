"""The partner interface seen from outside: what ``arc pull`` and the stock clients' extension speak.

No Django, nothing of the service itself: this half runs on partners' machines.
"""
