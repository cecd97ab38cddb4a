"""Recognising a covered photo at the price of an uncovered one.

Arrays in, arrays out: numpy, faiss and the standard library, nothing else. The story, in order of reading:

``grid``         a photo becomes 64x64 luma cells, its paint becomes 64x64 bits
``spectrum``     painting, mean filling and hashing on that grid
``sketch``       local difference bits that need no painting at all
``bank``         unrelated pictures, drawn from noise, to calibrate against
``calibration``  from distances to one expected false match rate
``fingerprint``  what is kept of a covered photo (``jsonform`` is how it travels)
``cascade``      one search, three sieves; ``guesses`` are its second look
``deep``         copies seen through a window, by the ``extended`` sketch; ``tables`` are its first sieve
``index``        many fingerprints, searched at once (``reference`` is the plain version of it)
"""
