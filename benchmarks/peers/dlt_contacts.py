"""dlt's HubSpot source, its contacts alone: `dlt_contacts URL extract|load`, properties in `properties.json`.

Run in the folder into which `dlt init hubspot duckdb` has put the source. `extract` ends when everything is read and on
disk; `load` also brings it into a DuckDB file.
"""

import importlib
import json
import sys
from pathlib import Path

from benchmarks.peers.elsewhere import send_to

_TOKEN = "pat-sandbox"


def main() -> None:
    url, until = sys.argv[1:]
    send_to(url)
    dlt = importlib.import_module("dlt")
    hubspot = importlib.import_module("hubspot").hubspot
    wanted = json.loads(Path("properties.json").read_text())
    source = hubspot(api_key=_TOKEN, properties={"contact": wanted}, include_custom_props=False)
    pipeline = dlt.pipeline(pipeline_name=f"hubspot_{until}", destination="duckdb", dataset_name="hubspot")
    go = pipeline.extract if until == "extract" else pipeline.run
    go(source.with_resources("contacts"))


if __name__ == "__main__":
    main()
