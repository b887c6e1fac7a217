"""Marks for a folder of notebooks, in whatever state: `python3 run.py grade FOLDER`.

folder     who handed in what: layouts, names, archives
cells      from bytes to the cells of a notebook and their statements
notebook   what a notebook says, and what of it a function needs
exam       an exercise as its marker sees it: checks, points, what of the kit is given, whose code
sandbox    a place to run code that nobody has read; worker is what runs in it, wire the way back
judge      one file -> its marks;  report -> tables, pictures, pages;  __main__ the command

One file: its bytes go into a sandbox, which reads it; another for each function asked for finds
what that needs, and answers calls of it with values. The check is run on this side, the same that
stands in the notebook. Nothing that a submission prints, raises, overwrites or returns can be a
mark.
"""
