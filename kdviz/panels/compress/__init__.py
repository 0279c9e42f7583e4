"""The Compress page: one teacher made small in four ways and in combinations, each beside its twin."""
