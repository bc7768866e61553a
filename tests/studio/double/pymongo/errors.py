"""PyPI: pymongo, pymongo/errors.py."""


class PyMongoError(Exception):
    pass
