#!/usr/bin/env python3
"""Fails when a Markdown document links to a file of the project that is not there."""
import os
import re
import subprocess
import sys

LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
CODE = re.compile(r"^```.*?^```|(`+)[^`].*?\1", re.MULTILINE | re.DOTALL)  # a pattern in it may look like a link


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=root, capture_output=True, text=True, check=True)
    problems = looked_at = 0
    for document in listed.stdout.split():
        path = os.path.join(root, document)
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as file:
            for target in LINK.findall(CODE.sub("", file.read())):
                if "://" in target or target.startswith("mailto:"):
                    continue
                looked_at += 1
                if not os.path.exists(os.path.join(os.path.dirname(path), target)):
                    print(f"{document} links to {target}, which is not there", file=sys.stderr)
                    problems += 1
    print(f"link check: {looked_at} links, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
