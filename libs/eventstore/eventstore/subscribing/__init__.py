"""Events of topics handled once, in the order of their streams, with marks beside the effects."""
