"""The ``arc`` command line: pixels and the engine, without Django.

``main`` knows the options and starts one module per subcommand, so that ``arc --help`` loads nothing heavy.
"""
