"""The course as a website: ``kdviz site OUT`` writes static pages that open from disk and from any static host.

``run`` executes a notebook in a process of its own and writes down what it shows; ``cells`` makes HTML of that;
``parts`` holds what pages share; ``pages`` puts a page together; ``build`` is the command.
"""
