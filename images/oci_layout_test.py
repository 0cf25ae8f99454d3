#!/usr/bin/env python3
"""Tests of oci_layout.py: run it; needs pigz. With skopeo installed, skopeo must agree that the layout is one."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "oci_layout.py")
REFERENCE = "registry.example/group/name:v1.2.3"


def tar_of(name, content):
    """A tar stream with one file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


class OciLayoutTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def layer(self, name, content=b"hello"):
        subprocess.run([TOOL, "layer", "--output", self.path(name)], input=tar_of("file", content), check=True)
        return self.path(name)

    def image(self, layout, reference, *layers):
        command = [TOOL, "image", "--layout", self.path(layout), "--name", reference, "--entrypoint", '["/file"]']
        for layer in layers:
            command += ["--layer", layer]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0]

    def index(self, layout):
        with open(os.path.join(self.path(layout), "index.json"), encoding="utf-8") as file:
            return json.load(file)["manifests"]

    def test_every_blob_is_named_after_its_content(self):
        self.image("layout", REFERENCE, self.layer("a.tar.gz"))
        blobs = os.path.join(self.path("layout"), "blobs", "sha256")
        self.assertEqual(len(os.listdir(blobs)), 3)  # Layer, config, manifest.
        for name in os.listdir(blobs):
            with open(os.path.join(blobs, name), "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).hexdigest(), name)

    def test_the_same_input_gives_the_same_digest(self):
        first = self.image("one", REFERENCE, self.layer("a.tar.gz", b"x" * 3_000_000))
        second = self.image("two", REFERENCE, self.layer("b.tar.gz", b"x" * 3_000_000))
        self.assertEqual(first, second)
        other = self.image("three", REFERENCE, self.layer("c.tar.gz", b"other"))
        self.assertNotEqual(first, other)

    def test_images_are_named_in_full_and_in_order(self):
        layer = self.layer("a.tar.gz")
        self.image("layout", "z.example/z:1", layer)
        self.image("layout", REFERENCE, layer)
        names = [m["annotations"]["org.opencontainers.image.ref.name"] for m in self.index("layout")]
        self.assertEqual(names, [REFERENCE, "z.example/z:1"])

    def test_a_name_given_again_moves(self):
        self.image("layout", REFERENCE, self.layer("a.tar.gz"))
        digest = self.image("layout", REFERENCE, self.layer("b.tar.gz", b"newer"))
        self.assertEqual([m["digest"] for m in self.index("layout")], [digest])

    @unittest.skipUnless(shutil.which("skopeo"), "skopeo is not installed")
    def test_skopeo_reads_the_layout(self):
        self.image("layout", "name", self.layer("a.tar.gz"))
        subprocess.run(
            ["skopeo", "copy", "--insecure-policy", f"oci:{self.path('layout')}:name", f"dir:{self.path('copy')}"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self.assertTrue(os.path.exists(self.path("copy/manifest.json")))


if __name__ == "__main__":
    unittest.main()
