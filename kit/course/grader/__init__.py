"""Marks for a folder of notebooks, in whatever state: `python3 run.py grade FOLDER`.

folder     who handed in what: layouts, names
exam       an exercise as its marker sees it: checks, points, what of the kit is given, whose code
sandbox    a place to run code that nobody has read; worker is what runs in it, wire the way back
judge      one file -> its marks;  report -> tables, pictures, pages

One file: its bytes go into a sandbox, which reads it (kit/course/cells.py); another for each
function asked for finds what that needs (kit/course/program.py) and answers calls of it.
"""
