"""One module per site; each has a class whose ``respond`` turns a request into an answer, without sockets, clock or randomness."""
