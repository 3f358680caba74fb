"""What runs in the Pod of a refresher: for each cloud a module that gets a password, and `renewing` beside it.

They are text to us, and imported by nobody here: a Pod gets the two as files of one folder. They need nothing but the
standard library of Python 3.9, and know only what the Pod's environment says.
"""
