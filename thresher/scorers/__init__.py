"""Whether a response to an item is right: by a program where one can tell, by a judge where not, and by nobody where neither can.

``ways`` says how an item is scored, ``asking`` what a model is asked (options shuffled by a seed), ``code.score`` scores without asking
anybody, and ``judge.Judge`` asks a language model for what code leaves open. A verdict that nobody can give is None, never a guess.
"""
