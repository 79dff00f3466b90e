def mains(paths, read):
    return []


def files(main, paths, read):
    return []


def read_book(main, files):
    raise NotImplementedError
