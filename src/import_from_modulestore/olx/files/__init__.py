"""
The files of a course that its components need.

``addresses`` knows every form in which the platform writes where a file is, ``references`` which files OLX names,
``pages`` what these load in turn, ``transcripts`` those of videos; ``closure`` brings all of it together.
"""
