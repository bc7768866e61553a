"""Writing down that the bulk writer was proved on what is installed; see docs/decisions/0021."""

from typing import Any

from django.core.management.base import BaseCommand

from ...proved import LIBRARIES, TAGS, fingerprint, proof, renew


class Command(BaseCommand):
    """For those who develop the app: ``make prove`` calls it, once the proof has passed."""

    requires_system_checks = ()
    help = (
        "Write down that the bulk writer leaves the same as the reference on the openedx-core that is installed: what "
        "it stands in for, as hashes, in a file beside those of other versions. To be called once tests/test_bulk.py "
        "has passed there; `make prove` does both."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file, and say what has changed."""
        for area in (LIBRARIES, TAGS):
            before = proof(area)
            path = renew(area)
            self.stdout.write(f"{area.app}, {path.name}: {len(fingerprint(area))} parts")
            for part in before.differing:
                self.stdout.write(f"  new: {part}")
