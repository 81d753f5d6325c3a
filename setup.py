"""Leaves the server out of the light wheel: `app` becomes the package `palmares`, of its own modules only `__init__`.

Decision: by pyproject.toml, setuptools can leave out packages but no modules; this is the smallest way to say it.
"""

from setuptools import setup
from setuptools.command.build_py import build_py


class LightBuild(build_py):
    """Leaves the server's modules (app/*.py) out of the wheel."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        """The package's modules as setuptools finds them; of the root only `__init__`."""
        found: list[tuple[str, str, str]] = super().find_package_modules(package, package_dir)
        return [one for one in found if package != "palmares" or one[1] == "__init__"]


setup(cmdclass={"build_py": LightBuild})
