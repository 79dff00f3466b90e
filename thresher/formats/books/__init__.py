"""What all formats of books share.

``exercise``      an exercise as a record needs it, what a book says of itself
``licence``       a licence in an address or in words
``document``      XML to a tree, safely
``text``          the last touches on a text, code, formulas, lists
``marks``         letters and Roman numerals before items and parts
``instructions``  sentences that speak to several exercises
``listings``      programs that an exercise leans on
``words``         how books call exercises and answers
``macros``        a book's own commands for mathematics, put in full
"""
