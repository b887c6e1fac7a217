"""From a bare machine with Python 3.11 to 3.13: `lab` opens the lessons, `test` runs the tests.

The commands are in kit/course/launch.py; this file is read by old Pythons too, and says what is
missing.
"""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.stderr.write(
        "This kit needs Python 3.11, 3.12 or 3.13; this is {}.{}.\n".format(*sys.version_info)
    )
    sys.exit(2)

from kit.course import launch

if __name__ == "__main__":
    sys.exit(launch.main(sys.argv[1:]))
