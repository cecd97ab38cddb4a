from hypothesis import settings

# A shared machine stalls longer than hypothesis thinks a slow example takes.
settings.register_profile("engine", deadline=None, max_examples=30)
settings.load_profile("engine")
