// The last part of the page is here, and Voila's client, which draws the outputs, comes next.
kdviz.lesson?.finished();
kdviz.page.finished();
