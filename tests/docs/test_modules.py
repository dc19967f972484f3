"""The modules of the house and how they need each other."""

from __future__ import annotations

import grimp


def test_no_modules_need_each_other_in_a_circle() -> None:
    house = grimp.build_graph("homeroom")
    needs = {module: house.find_modules_directly_imported_by(module) for module in house.modules}
    # Take away, again and again, what needs nothing that is left: only circles, and what stands on them, stay.
    while free := {module for module, needed in needs.items() if not needed & needs.keys()}:
        needs = {module: needed for module, needed in needs.items() if module not in free}
    assert not needs
