#!/usr/bin/env python3
"""Fails when a module includes what it did not declare, or when the declared graph has a cycle.

Reads every farholm_module(...) call under src/ and every #include "..." of ours. A module may include its
own headers and those of the modules in its DEPENDS (its tests also those in TEST_DEPENDS); nothing that
comes along by accident. Ends with one line that says how much was looked at, so that a check of nothing
cannot pass.
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src")
CALL = re.compile(r"farholm_module\(\s*([^\s)]+)([^)]*)\)")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
KEYWORDS = {"DEPENDS", "TEST_DEPENDS", "LIBRARIES", "TEST_LIBRARIES"}


def read_modules():
    modules = {}
    for folder, _, files in os.walk(ROOT):
        if "CMakeLists.txt" not in files:
            continue
        with open(os.path.join(folder, "CMakeLists.txt"), encoding="utf-8") as file:
            text = re.sub(r"#.*", "", file.read())
        relative = os.path.relpath(folder, ROOT)
        if "farholm_program(" in text:
            # The mains wire everything together: they may include whatever there is.
            modules[relative] = {keyword: set() for keyword in KEYWORDS} | {"WIRES": True}
            continue
        for name, arguments in CALL.findall(text):
            lists = {keyword: set() for keyword in KEYWORDS}
            current = None
            for word in arguments.split():
                if word in KEYWORDS:
                    current = word
                elif current:
                    lists[current].add(word)
            if relative != name:
                sys.exit(f"src/{relative}/CMakeLists.txt declares the module {name}: name it after its folder")
            modules[name] = lists
    return modules


def module_of(path, modules):
    """The deepest module folder that holds the path."""
    folder = os.path.dirname(path)
    while folder and folder not in modules:
        folder = os.path.dirname(folder)
    return folder or None


def find_cycle(modules):
    state = {}

    def visit(name, trail):
        if state.get(name) == "done":
            return None
        if name in trail:
            return trail[trail.index(name):] + [name]
        for dependency in sorted(modules[name]["DEPENDS"]):
            if dependency in modules:
                cycle = visit(dependency, trail + [name])
                if cycle:
                    return cycle
        state[name] = "done"
        return None

    for name in sorted(modules):
        cycle = visit(name, [])
        if cycle:
            return cycle
    return None


def main():
    modules = read_modules()
    problems = []
    includes = 0
    for name, lists in sorted(modules.items()):
        for dependency in sorted(lists["DEPENDS"] | lists["TEST_DEPENDS"]):
            if dependency not in modules:
                problems.append(f"src/{name}/CMakeLists.txt depends on {dependency}, which is no module")
    for folder, _, files in os.walk(ROOT):
        for file_name in sorted(files):
            if not file_name.endswith((".h", ".cpp")):
                continue
            relative = os.path.relpath(os.path.join(folder, file_name), ROOT)
            owner = module_of(relative, modules)
            if owner is None:
                problems.append(f"src/{relative} belongs to no module")
                continue
            allowed = {owner} | modules[owner]["DEPENDS"]
            if file_name.endswith("_test.cpp") or file_name.startswith("test_"):
                allowed |= modules[owner]["TEST_DEPENDS"]
            with open(os.path.join(ROOT, relative), encoding="utf-8") as file:
                for header in INCLUDE.findall(file.read()):
                    includes += 1
                    target = module_of(header, modules)
                    if target is None or not os.path.exists(os.path.join(ROOT, header)):
                        problems.append(f"src/{relative} includes \"{header}\", which is not there")
                    elif target not in allowed and not modules[owner].get("WIRES"):
                        problems.append(
                            f"src/{relative} includes \"{header}\" of {target}: declare it in "
                            f"src/{owner}/CMakeLists.txt, or ask whether the arrow should be there")
    cycle = find_cycle(modules)
    if cycle:
        problems.append("the modules depend on each other in a circle: " + " -> ".join(cycle))
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"include check: {len(modules)} modules, {includes} includes, {len(problems)} problems")
    return 1 if problems or not includes else 0


if __name__ == "__main__":
    sys.exit(main())
