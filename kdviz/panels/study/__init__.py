"""The Study page: two settings varied against each other, over seeds, each student beside its twin."""
