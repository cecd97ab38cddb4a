import faiss
from hypothesis import settings

# On a busy machine faiss's threads spend more time waiting for each other than searching so little.
faiss.omp_set_num_threads(1)

# A shared machine stalls longer than hypothesis thinks a slow example takes.
settings.register_profile("engine", deadline=None, max_examples=20)
settings.load_profile("engine")
