"""tap-hubspot's contacts stream, as records on its output: `tap_contacts URL`, properties in `properties.json`.

Its other streams are left out, and so is its look for custom objects, of which the sandbox portal has none. With every
property of contacts selected, as it does by itself, its address is too long.
"""

import importlib
import json
import sys
from pathlib import Path

from benchmarks.peers.elsewhere import send_to

_TOKEN = "pat-sandbox"


def main() -> None:
    send_to(sys.argv[1])
    wanted = {f"property_{name}" for name in json.loads(Path("properties.json").read_text())}
    tap = importlib.import_module("tap_hubspot")
    tap.CONFIG.update({"api_key": _TOKEN, "start_date": "2000-01-01T00:00:00Z"})
    stream = next(each for each in tap.STREAMS if each.tap_stream_id == "contacts")
    schema, metadata = tap.load_discovered_schema(stream)
    for each in metadata:
        name = each["breadcrumb"][-1] if each["breadcrumb"] else ""
        each["metadata"]["selected"] = not name.startswith("property_") or name in wanted
    named = {"stream": "contacts", "tap_stream_id": "contacts", "schema": schema, "metadata": metadata}
    stream.sync({"currently_syncing": "contacts"}, tap.Context({"streams": [named]}))


if __name__ == "__main__":
    main()
