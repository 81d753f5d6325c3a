"""What counts, by command: each act at its address, and what is for good is asked for."""

import json

from tests.client.server import Fake, Palmares, submission

REF = "sub_7h3k9q2m"
NONE = {"chosen_at": None, "withdrawn_at": None, "disqualified_at": None, "reason": ""}
AT = "2026-03-01T12:00:00Z"


def test_each_act_has_its_address_and_says_what_holds_now(signed_in: Palmares, fake: Fake) -> None:
    marks = {
        "choose": {"chosen_at": AT},
        "unchoose": {},
        "withdraw": {"withdrawn_at": AT},
        "disqualify": {"disqualified_at": AT, "reason": "trained\x1b[31m on it"},
        "reinstate": {},
    }
    for act, mark in marks.items():
        fake.on("POST", f"/submissions/{REF}/{act}", submission("scored", mark={**NONE, **mark}))
    assert signed_in("choose", REF).out.startswith(f"{REF}: chosen 2026-03-01")
    assert signed_in("choose", REF, "--undo").out == f"{REF}: no mark\n"
    assert signed_in("withdraw", REF, "--yes").out.startswith(f"{REF}: withdrawn 2026-03-01")
    told = signed_in("disqualify", REF, "--reason", "trained on it").out
    assert told.startswith(f"{REF}: disqualified 2026-03-01")
    assert told.endswith(": trained on it\n")
    assert json.loads(fake.asked("POST", f"/submissions/{REF}/disqualify")[0].body) == {"reason": "trained on it"}
    assert signed_in("reinstate", REF, "--json").document["mark"] == NONE


def test_nothing_is_withdrawn_by_silence(signed_in: Palmares, fake: Fake) -> None:
    assert signed_in("withdraw", REF).code == 2
    assert fake.asked("POST", f"/submissions/{REF}/withdraw") == []
