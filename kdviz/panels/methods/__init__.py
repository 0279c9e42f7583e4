"""The Methods page: one method at a time, its picture, formula and code, and a trial of it."""
