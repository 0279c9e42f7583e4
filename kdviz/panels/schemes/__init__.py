"""The Schemes page: who teaches whom and when, live; each scheme is one file of :mod:`.catalogue`."""
