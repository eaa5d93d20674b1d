"""What binds the rooms: the steps from a design file to a report, and what commands do with files.

``steps`` has the ordered list. Nothing is imported here, so that a command loads what it needs.
"""
