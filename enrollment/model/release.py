"""Which release this is."""

from importlib.metadata import version

# Looked up once: it is read from a file of the installation, which takes a millisecond or two.
RELEASE = version("enrollment")
