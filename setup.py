"""What a package index shows of the project: the README, whose links into the repository would lead nowhere there.

They become the names of the files, which the source distribution has. All else stands in pyproject.toml.
"""

import re
from pathlib import Path

from setuptools import setup

README = Path(__file__).with_name("README.md").read_text(encoding="utf-8")

setup(
    long_description=re.sub(r"\[([^]]*)\]\((?!https?:|#)([^)#]*)[^)]*\)", r"\1 (\2)", README),
    long_description_content_type="text/markdown",
)
