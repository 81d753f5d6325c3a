"""The public RAIM-PIQA rows, as the core's tests read them."""

from tests.scoring.conftest import raim  # noqa: F401
