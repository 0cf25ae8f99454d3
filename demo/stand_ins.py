#!/usr/bin/env python3
"""Makes the bundles' images for a simulated site: of the right names, and with nothing in them.

    demo/stand_ins.py OUTPUT NAME=REFERENCE[,REFERENCE…]…

For every NAME an OCI image layout OUTPUT/NAME-simulated. Each image in it holds one text that says that it is a
stand-in, and has the label farholm.dev/simulated. A profile freezes against them (its image references resolve to
digests), and hub and agent carry their content like any other; a container made from one would not start.
"""
import gzip
import hashlib
import io
import os
import sys
import tarfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "images"))
sys.dont_write_bytecode = True
from oci_layout import CREATED, MEDIA_CONFIG, MEDIA_LAYER, MEDIA_MANIFEST, Layout, canonical  # noqa: E402

PLATFORM = {"os": "linux", "architecture": "amd64"}


def make_layer(reference):
    """A tar with the one file SIMULATED; the same bytes for the same reference."""
    text = f"A stand-in for {reference}, for a simulated site. Nothing in it can run.\n".encode()
    entry = tarfile.TarInfo("SIMULATED")
    entry.size = len(text)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(entry, io.BytesIO(text))
    return packed.getvalue()


def add_stand_in(layout, reference):
    tar = make_layer(reference)
    config = {"created": CREATED, **PLATFORM, "config": {"Labels": {"farholm.dev/simulated": "true"}},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest()]}}
    manifest = {"schemaVersion": 2, "mediaType": MEDIA_MANIFEST,
                "config": layout.add_bytes(MEDIA_CONFIG, canonical(config)),
                "layers": [layout.add_bytes(MEDIA_LAYER, gzip.compress(tar, mtime=0))]}
    layout.name_manifest(reference, layout.add_bytes(MEDIA_MANIFEST, canonical(manifest)), PLATFORM)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    output, wanted = sys.argv[1], sys.argv[2:]
    for each in wanted:
        name, references = each.split("=", 1)
        layout = Layout(os.path.join(output, name + "-simulated"))
        for reference in references.split(","):
            add_stand_in(layout, reference)


if __name__ == "__main__":
    main()
