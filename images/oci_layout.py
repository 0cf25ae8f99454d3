#!/usr/bin/env python3
"""Writes container images into an OCI image layout, the same bytes for the same input.

Two commands:

  oci_layout.py layer --output FILE.tar.gz < layer.tar
      compresses a tar stream into a layer and writes FILE.tar.gz.json beside it
      (digest, size, diff_id), so that many images share one compressed layer.

  oci_layout.py image --layout DIR --name REFERENCE --layer FILE.tar.gz ... [configuration]
      adds an image of these layers to the layout under its full reference.

Why not umoci or skopeo: they stamp histories with the time of day, know only short tags, and copy layers
where a hard link serves. What is written here is the OCI image specification 1.0, and nothing beyond it:
https://github.com/opencontainers/image-spec/blob/v1.0.2/image-layout.md
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile

# The one moment at which everything in our images was "created": a clock in an image would change its digest.
CREATED = "2025-01-01T00:00:00Z"
CHUNK_BYTES = 1 << 20

MEDIA_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
MEDIA_CONFIG = "application/vnd.oci.image.config.v1+json"
MEDIA_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def write_atomically(path, data):
    """Writes bytes to `path` so that a reader sees the old file or the new one."""
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)))
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def canonical(value):
    """JSON bytes that depend on the value alone."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def make_layer(output):
    """Compresses standard input into `output` and records its digests."""
    diff = hashlib.sha256()
    temporary = output + ".partial"
    with open(temporary, "wb") as file:
        # gzip, because Docker Engine 20.10 and containerd 1.6 read nothing newer from OCI manifests;
        # level 1, because these layers travel over loopback far more often than over a wire;
        # two threads always: pigz's bytes do not depend on their number so long as it is not one.
        with subprocess.Popen(["pigz", "-n", "-1", "-p", "2"], stdin=subprocess.PIPE, stdout=file) as compress:
            while chunk := sys.stdin.buffer.read(CHUNK_BYTES):
                diff.update(chunk)
                compress.stdin.write(chunk)
            compress.stdin.close()
            if compress.wait() != 0:
                sys.exit("oci_layout.py: pigz failed; is the disk full?")
    digest = hashlib.sha256()
    with open(temporary, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    record = {
        "digest": "sha256:" + digest.hexdigest(),
        "diff_id": "sha256:" + diff.hexdigest(),
        "size": os.path.getsize(temporary),
    }
    os.replace(temporary, output)
    write_atomically(output + ".json", canonical(record))


class Layout:
    """An OCI image layout on disk, to which blobs and named manifests are added."""

    def __init__(self, path):
        self.path = path
        os.makedirs(os.path.join(path, "blobs", "sha256"), exist_ok=True)
        write_atomically(os.path.join(path, "oci-layout"), canonical({"imageLayoutVersion": "1.0.0"}))

    def blob_path(self, digest):
        return os.path.join(self.path, "blobs", *digest.split(":", 1))

    def add_bytes(self, media_type, data):
        """Adds a small blob and returns its descriptor."""
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        write_atomically(self.blob_path(digest), data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def add_layer(self, file):
        """Links a layer made by `make_layer` into the layout and returns (descriptor, diff_id)."""
        with open(file + ".json", encoding="utf-8") as record_file:
            record = json.load(record_file)
        target = self.blob_path(record["digest"])
        if not os.path.exists(target):
            temporary = f"{target}.{os.getpid()}"
            try:
                os.link(file, temporary)
            except OSError:  # Another file system: copy.
                subprocess.run(["cp", "--", file, temporary], check=True)
            os.replace(temporary, target)
        return {"mediaType": MEDIA_LAYER, "digest": record["digest"], "size": record["size"]}, record["diff_id"]

    def name_manifest(self, reference, descriptor, platform):
        """Puts a manifest into index.json under its full reference, in the place of one of that name."""
        index_path = os.path.join(self.path, "index.json")
        manifests = []
        if os.path.exists(index_path):
            with open(index_path, encoding="utf-8") as file:
                manifests = json.load(file)["manifests"]
        key = "org.opencontainers.image.ref.name"
        manifests = [m for m in manifests if m.get("annotations", {}).get(key) != reference]
        manifests.append(
            {
                **descriptor,
                "platform": platform,
                # The first is the specification's, the second is what `ctr images import` looks for.
                "annotations": {key: reference, "io.containerd.image.name": reference},
            }
        )
        manifests.sort(key=lambda m: m.get("annotations", {}).get(key, ""))
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests}
        write_atomically(index_path, canonical(index))


def make_image(options):
    """Adds one image to a layout and prints its digest."""
    layout = Layout(options.layout)
    layers = [layout.add_layer(file) for file in options.layer]
    runtime = {"Env": options.env or ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
    if options.entrypoint:
        runtime["Entrypoint"] = json.loads(options.entrypoint)
    if options.cmd:
        runtime["Cmd"] = json.loads(options.cmd)
    if options.user:
        runtime["User"] = options.user
    if options.workdir:
        runtime["WorkingDir"] = options.workdir
    if options.stop_signal:
        runtime["StopSignal"] = options.stop_signal
    if options.label:
        runtime["Labels"] = dict(label.split("=", 1) for label in options.label)
    config = {
        "created": CREATED,
        "architecture": options.architecture,
        "os": "linux",
        "config": runtime,
        "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]},
        "history": [{"created": CREATED, "created_by": "farholm images/build"} for _ in layers],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MEDIA_MANIFEST,
        "config": layout.add_bytes(MEDIA_CONFIG, canonical(config)),
        "layers": [descriptor for descriptor, _ in layers],
    }
    descriptor = layout.add_bytes(MEDIA_MANIFEST, canonical(manifest))
    layout.name_manifest(options.name, descriptor, {"os": "linux", "architecture": options.architecture})
    print(descriptor["digest"], options.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    layer = commands.add_parser("layer", help="compress a tar stream from standard input into a layer")
    layer.add_argument("--output", required=True, metavar="FILE.tar.gz")
    image = commands.add_parser("image", help="add an image to a layout")
    image.add_argument("--layout", required=True, metavar="DIR")
    image.add_argument("--name", required=True, metavar="REFERENCE")
    image.add_argument("--layer", action="append", required=True, metavar="FILE.tar.gz", help="lowest first")
    image.add_argument("--entrypoint", metavar="JSON")
    image.add_argument("--cmd", metavar="JSON")
    image.add_argument("--env", action="append", metavar="NAME=VALUE")
    image.add_argument("--user")
    image.add_argument("--workdir")
    image.add_argument("--stop-signal")
    image.add_argument("--label", action="append", metavar="NAME=VALUE")
    image.add_argument("--architecture", default="amd64")
    options = parser.parse_args()
    if options.command == "layer":
        make_layer(options.output)
    else:
        make_image(options)


if __name__ == "__main__":
    main()
