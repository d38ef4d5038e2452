"""`python -m firstmover`."""

import sys

from firstmover.cli import main

sys.exit(main())
