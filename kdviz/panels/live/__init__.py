"""What every live page is made of: the panel, its publisher and worker threads, the runs on it, what it says."""
