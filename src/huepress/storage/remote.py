"""x"""


class RemoteStore:
    pass
