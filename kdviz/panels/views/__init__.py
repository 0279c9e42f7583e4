"""What Python computes for the tabs of a page: saliency, attention, bias, drawings, a diagnosis, watched examples."""
