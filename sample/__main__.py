"""``python -m sample``: serve the sample world until interrupted, and say where."""

from __future__ import annotations

import argparse
import contextlib
import threading

from sample.server import World


def main() -> None:
    """Serve, print the addresses and a few requests to try."""
    parser = argparse.ArgumentParser(prog="python -m sample", description="Serve the sample world on loopback ports.")
    parser.add_argument("--night", type=int, choices=(1, 2), default=1, help="which night's posts to show")
    parser.add_argument("--faults", action="store_true", help="let each site fail once, as real ones do")
    options = parser.parse_args()
    with World(faults=options.faults, night=options.night) as world, contextlib.suppress(KeyboardInterrupt):
        for name, url in world.urls.items():
            print(f"{name:14} {url}")
        for name, value in world.environment().items():
            print(f"export {name}={value}")
        print(f"try: curl '{world.urls['discourse']}/latest.json'")
        print(f"     curl --compressed '{world.urls['stackexchange']}/2.3/questions?site=datasci&filter=withbody'", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
