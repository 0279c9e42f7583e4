"""The Distillation Lab: what can be chosen, how a link opens it, the runs on it, its session on disk."""
