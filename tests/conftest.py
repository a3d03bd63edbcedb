import signal

from hypothesis import settings

# A shell may start us with Ctrl-C ignored, in the background for one, and all tests of it would wait in vain.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Kernels compile on first use, so that no example has a deadline. Everybody runs the same examples;
# pytest --hypothesis-profile=search looks for new ones.
settings.register_profile("mapeq", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile("mapeq")
